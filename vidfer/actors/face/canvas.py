"""The canvas: an upright, frontal picture of the head, into which all parts of the face are drawn.

Places are in face units: the origin lies between the eyes, x goes to the right of the picture, y goes down,
and 1 is half the width of an average face.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LEFT, TOP, RIGHT, BOTTOM = -1.6, -2.0, 1.6, 1.95


@dataclass(frozen=True)
class Canvas:
    """The scale of the canvas, and its conversions from face units to pixels."""

    unit_px: float
    """The length of a face unit in pixels."""

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return round((BOTTOM - TOP) * self.unit_px), round((RIGHT - LEFT) * self.unit_px)

    def px(self, points: np.ndarray) -> np.ndarray:
        """Converts points (..., 2) from face units to pixels of the canvas."""
        return (np.asarray(points, float) - (LEFT, TOP)) * self.unit_px

    def grid(self) -> tuple[np.ndarray, np.ndarray]:
        """The x (1, W) and y (H, 1) of all pixel centres in face units, float32."""
        height, width = self.shape
        x = (np.arange(width, dtype=np.float32) / self.unit_px + LEFT)[None]
        y = (np.arange(height, dtype=np.float32) / self.unit_px + TOP)[:, None]
        return x, y

    def window(self, left: float, top: float, right: float, bottom: float) -> tuple[slice, slice]:
        """The rows and columns of a box that is given in face units."""
        height, width = self.shape
        (x0, y0), (x1, y1) = self.px(np.array([(left, top), (right, bottom)]))
        return slice(max(0, int(y0)), min(height, int(y1) + 1)), slice(
            max(0, int(x0)), min(width, int(x1) + 1)
        )
