"""The canonical patch: an upright, frontal picture of the head that every part is drawn into.

Face units: the origin lies between the eyes, x to the right of the picture, y down, 1 is half the width of
an average face.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LEFT, TOP, RIGHT, BOTTOM = -1.6, -2.0, 1.6, 1.95


@dataclass(frozen=True)
class Patch:
    """Scale of the patch."""

    unit_px: float
    """Pixels of one face unit."""

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return round((BOTTOM - TOP) * self.unit_px), round((RIGHT - LEFT) * self.unit_px)

    def px(self, points: np.ndarray) -> np.ndarray:
        """Face units (..., 2) to pixels of the patch."""
        return (np.asarray(points, float) - (LEFT, TOP)) * self.unit_px

    def grid(self) -> tuple[np.ndarray, np.ndarray]:
        """x (1, W) and y (H, 1) of the pixel centres in face units, float32."""
        height, width = self.shape
        x = (np.arange(width, dtype=np.float32) / self.unit_px + LEFT)[None]
        y = (np.arange(height, dtype=np.float32) / self.unit_px + TOP)[:, None]
        return x, y

    def window(self, left: float, top: float, right: float, bottom: float) -> tuple[slice, slice]:
        """Rows and columns of a box in face units, for slicing the patch."""
        height, width = self.shape
        (x0, y0), (x1, y1) = self.px(np.array([(left, top), (right, bottom)]))
        return slice(max(0, int(y0)), min(height, int(y1) + 1)), slice(
            max(0, int(x0)), min(width, int(x1) + 1)
        )
