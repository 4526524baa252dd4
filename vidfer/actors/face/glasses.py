"""Draws glasses over the eyes."""

from __future__ import annotations

import numpy as np

from vidfer.actors.face.canvas import Canvas
from vidfer.actors.face.eyes import EYE_Y
from vidfer.actors.face.shapes import as_colour, spline, stroke
from vidfer.actors.identity import Identity


def draw_glasses(image: np.ndarray, identity: Identity, canvas: Canvas) -> None:
    """Draws the glasses in place; a person without glasses gets none."""
    if identity.glasses == "none":
        return
    half_w, half_h = (0.29, 0.25) if identity.glasses == "round" else (0.31, 0.20)
    angles = np.linspace(0, 2 * np.pi, 28, endpoint=False)
    power = 1.0 if identity.glasses == "round" else 0.5
    rim_x = half_w * np.sign(np.cos(angles)) * np.abs(np.cos(angles)) ** power
    rim_y = half_h * np.sign(np.sin(angles)) * np.abs(np.sin(angles)) ** power
    colour = as_colour(identity.glasses_colour)
    thickness = 0.028 * canvas.unit_px
    for sign in (-1, 1):
        centre = np.array((sign * (identity.eye_x + 0.01), EYE_Y + 0.05))
        stroke(image, canvas.px(np.stack([rim_x, rim_y], 1) + centre), colour, thickness, closed=True)
        side = centre + np.array([(sign * half_w, -0.06), (sign * 0.62, -0.10)])
        stroke(image, canvas.px(side), colour, thickness)
    inner = identity.eye_x + 0.01 - half_w
    bridge = spline(
        np.array([(-inner, EYE_Y + 0.02), (0, EYE_Y - 0.02), (inner, EYE_Y + 0.02)]), 4, closed=False
    )
    stroke(image, canvas.px(bridge), colour, thickness)
