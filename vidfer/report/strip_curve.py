"""The curve above a film strip: a value for each frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

COLUMN_PX = 72
"""Width of a frame of a strip in CSS pixels."""


@dataclass(frozen=True, kw_only=True)
class StripCurve:
    """Where the curve passes, in CSS pixels from its upper left corner; y runs downwards.

    Args:
        values: (T,) of the frames, zero or more.
        even: the value that every frame would have if all counted the same. It lies at half the height or
            below; otherwise the curve of a network without preference would look like a peak. None for
            probabilities, of which 1 lies at the top.
        top_px: height of the greatest value; the number above it needs room.
        bottom_px: height of zero.
    """

    values: np.ndarray
    even: float | None
    top_px: float
    bottom_px: float

    @property
    def points(self) -> list[tuple[float, float]]:
        """x and y of each value, above the middle of its frame."""
        return [(COLUMN_PX * (i + 0.5), self._y(float(value))) for i, value in enumerate(self.values)]

    @property
    def line(self) -> str:
        """The curve as the points of an SVG polyline."""
        return " ".join(f"{x:.1f},{y:.1f}" for x, y in self.points)

    @property
    def even_y(self) -> float | None:
        """Height of ``even``."""
        return None if self.even is None else self._y(self.even)

    def _y(self, value: float) -> float:
        highest = 1.0 if self.even is None else max(float(self.values.max()), 2 * self.even)
        return self.bottom_px - (self.bottom_px - self.top_px) * value / highest
