"""Finds out by how much a film must be turned so that its faces are upright."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import cv2
import numpy as np

from vidfer.crops.detect.face_detector import FaceDetector

# MTCNN has learned upright faces; of others it finds some, with lower scores. How well the limits tell them
# apart is measured by tools/measure_upright.py (docs/crops.md).
SURE = 0.997
"""A face with this score is taken for upright."""
UPRIGHT = 0.99
"""A turned frame counts if its best face has at least this score …"""
TIMES_SURER = 10
"""… and misses 1 by this many times less than the best face of the frame as it is."""
MOST_FRAMES = 9
"""So many frames are looked at, at most."""
SHORT_PX = 720
"""Shorter side of the frames that are kept. The detector searches larger frames for larger faces only, see
``FaceDetector.min_face_px``."""


def rotation_to_upright(detector: FaceDetector, images: Sequence[np.ndarray]) -> int:
    """By how many degrees frames must be turned clockwise, so that most faces in them are upright.

    Args:
        detector: finds the faces.
        images: frames of one film, uint8 (H,W,3) RGB.

    Returns:
        90, 180 or 270; 0 if the frames are upright, or if this cannot be told.
    """
    found = Counter(rotation for image in images if (rotation := _rotation_of(detector, image)) is not None)
    rotation, n = max(found.items(), key=lambda item: item[1], default=(0, 0))
    return rotation if 2 * n > found.total() and n >= min(2, len(images)) else 0


def _rotation_of(detector: FaceDetector, image: np.ndarray) -> int | None:
    """The rotation of one frame; None if no face tells it."""
    missed = {}
    for rotation in (0, 90, 180, 270):
        (faces,) = detector.detect([np.ascontiguousarray(np.rot90(image, -rotation // 90))])
        missed[rotation] = 1 - float(faces.scores.max(initial=0))
        if missed[0] <= 1 - SURE:
            return 0
    best = min(missed, key=missed.get)
    if missed[best] > 1 - UPRIGHT:
        return None
    return best if missed[0] > TIMES_SURER * missed[best] else 0


class FrameSample:
    """Keeps a few frames of a film whose length is not known yet, spread evenly over it."""

    def __init__(self) -> None:
        self.images: list[np.ndarray] = []
        """At most :data:`MOST_FRAMES`, uint8 (h,w,3) RGB."""
        self.n_seen = 0
        """Frames of the film so far."""
        self._step = 1

    def add(self, images: Iterable[np.ndarray]) -> None:
        """Look at the next frames of the film, uint8 (H,W,3) RGB."""
        for image in images:
            if self.n_seen % self._step == 0:
                self._keep(image)
            self.n_seen += 1

    def _keep(self, image: np.ndarray) -> None:
        shrink = SHORT_PX / min(image.shape[:2])
        if shrink < 1:
            image = cv2.resize(image, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
        self.images.append(image.copy())
        if len(self.images) > MOST_FRAMES:
            self.images = self.images[::2]
            self._step *= 2
