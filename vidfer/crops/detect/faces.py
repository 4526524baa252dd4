"""The faces that are found in a frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vidfer.crops.detect.boxes import longer_side


@dataclass(frozen=True)
class Faces:
    """The k faces of one frame, largest first."""

    boxes: np.ndarray
    """(k,4) float32, x1 y1 x2 y2 in pixels."""
    landmarks: np.ndarray
    """(k,5,2) float32, x y in pixels: eye, eye, nose tip, mouth corner, mouth corner; of a pair, the one on
    the left of an upright image comes first."""
    scores: np.ndarray
    """(k,) float32 in 0..1, O-Net's score."""
    margins: np.ndarray
    """(k,4) float32: the square that O-Net saw minus the box that it gave, in sides of the box; see
    :func:`place_margins`."""

    def __len__(self) -> int:
        return len(self.scores)


def largest_first(faces: Faces, chosen: np.ndarray) -> Faces:
    """The faces at the ``chosen`` positions (j,), the largest box first."""
    area = (faces.boxes[chosen, 2:] - faces.boxes[chosen, :2]).prod(axis=1)
    order = chosen[np.argsort(-area, kind="stable")]
    return Faces(*(values[order] for values in vars(faces).values()))


def place_margins(squares: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Margins (k,4) between the box (k,4) that O-Net gave and the square (k,4) that it saw, in sides of the
    box.

    O-Net's box depends on its square. With the same margins as in the frames before and after, a box that is
    followed agrees with one that is detected.
    """
    return (squares - boxes) / longer_side(boxes)


def squares_around(boxes: np.ndarray, margins: np.ndarray) -> np.ndarray:
    """Squares (k,4) with these margins (k,4) around boxes (k,4)."""
    return boxes + margins * longer_side(boxes)
