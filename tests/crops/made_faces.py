"""Key frames with faces that nobody has drawn, for tests of who is who."""

import numpy as np

from vidfer.crops.detect.faces import Faces
from vidfer.crops.track.link import KeyFrame

LOOKS = np.random.default_rng(0).integers(0, 256, (3, 24, 24, 3), dtype=np.uint8)
"""What three people look like: altogether unlike."""


def faces_of(
    *squares: tuple[float, float, float], score: float = 0.99, shot: int = 0, looks: tuple[int, ...] = ()
) -> KeyFrame:
    """Faces at (x, y, side)."""
    boxes = np.array([[x, y, x + side, y + side] for x, y, side in squares], np.float32).reshape(-1, 4)
    k = len(boxes)
    faces = Faces(
        boxes, np.zeros((k, 5, 2), np.float32), np.full(k, score, np.float32), np.zeros((k, 4), np.float32)
    )
    return KeyFrame(faces, LOOKS[list(looks or [0] * k)], shot)
