"""Draws the nostrils and the wings of the nose; the skin shades its ridge and tip."""

from __future__ import annotations

import numpy as np

from vidfer.actors.face.canvas import Canvas
from vidfer.actors.face.shapes import fill, spline, stroke
from vidfer.actors.identity import Identity


def draw_nostrils(shade: np.ndarray, identity: Identity, raised: float, canvas: Canvas) -> None:
    """Draws nostrils and wings of the nose into the shade map; ``raised`` (0..1) is AU9."""
    lift = 0.05 * raised
    y = identity.nose_y + 0.045 - lift
    for sign in (-1, 1):
        hole = np.array([(0.06, 0.0), (0.10, -0.02), (0.135, 0.0), (0.10, 0.022)]) * (sign, 1) + (0, y)
        fill(shade, canvas.px(hole), 40)
        w = identity.nose_width
        wing = [(w - 0.06, 0.05), (w - 0.005, 0.035), (w + 0.012, -0.03), (w - 0.01, -0.09)]
        stroke(shade, canvas.px(spline(np.array(wing) * (sign, 1) + (0, y - 0.01), 4, closed=False)), 88, 1.5)
