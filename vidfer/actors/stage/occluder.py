"""Draws a hand or a cup that comes in front of the face."""

from __future__ import annotations

import cv2
import numpy as np

from vidfer.actors.face.shapes import as_colour, fill, spline
from vidfer.actors.identity import CLOTHES, Identity

REACH = 1.1
"""Half the side of the picture of an occluder, in face units. The arm reaches to its lower edge."""


def draw_occluder(
    rng: np.random.Generator, kind: str, identity: Identity, unit_px: float
) -> tuple[np.ndarray, np.ndarray]:
    """Draws a ``hand`` or a ``cup``: colour, uint8 (S, S, 3), and opacity, uint8 (S, S)."""
    side = round(2 * REACH * unit_px)
    colour = np.zeros((side, side, 3), np.uint8)
    opacity = np.zeros((side, side), np.uint8)

    def px(points) -> np.ndarray:
        return (np.asarray(points, float) + REACH) * unit_px

    def shape(points, rgb) -> None:
        fill(colour, px(points), rgb)
        fill(opacity, px(points), 255)

    def finger(start, end, width: float, factor: float) -> None:
        (x0, y0), (x1, y1) = px(start).round().astype(int), px(end).round().astype(int)
        ends, thick = ((int(x0), int(y0)), (int(x1), int(y1))), max(2, round(width * unit_px))
        cv2.line(colour, *ends, as_colour(skin, factor * 0.80), thick + 2, cv2.LINE_AA)
        cv2.line(colour, *ends, as_colour(skin, factor), max(1, thick - 2), cv2.LINE_AA)
        cv2.line(opacity, *ends, 255, thick + 1, cv2.LINE_AA)

    skin = np.asarray(identity.skin)
    sleeve = as_colour(identity.clothes, 0.95)
    if kind == "cup":
        shape([(0.20, 0.30), (0.62, 0.45), (0.95, 1.2), (0.35, 1.2)], as_colour(skin, 0.85))
        rgb = CLOTHES[rng.integers(len(CLOTHES))]
        shape([(-0.36, -0.28), (0.36, -0.28), (0.29, 0.50), (-0.29, 0.50)], as_colour(rgb, 1.1))
        fill(colour, px([(0.12, -0.28), (0.36, -0.28), (0.29, 0.50), (0.12, 0.50)]), as_colour(rgb, 0.85))
        rim = px((0, -0.28)).round().astype(int)
        axes = (round(0.36 * unit_px), round(0.07 * unit_px))
        cv2.ellipse(
            colour, (int(rim[0]), int(rim[1])), axes, 0, 0, 360, as_colour(rgb, 1.35), -1, cv2.LINE_AA
        )
        cv2.ellipse(opacity, (int(rim[0]), int(rim[1])), axes, 0, 0, 360, 255, -1, cv2.LINE_AA)
        for n in range(4):
            finger((0.38, -0.08 + 0.15 * n), (0.02 + 0.02 * n, -0.06 + 0.15 * n), 0.13, 0.98 - 0.03 * n)
    else:
        shape([(-0.20, 0.35), (0.24, 0.35), (0.36, 1.2), (-0.26, 1.2)], as_colour(skin, 0.86))
        shape([(-0.34, 0.85), (0.42, 0.85), (0.48, 1.2), (-0.40, 1.2)], sleeve)
        palm = spline(
            np.array(
                [(-0.30, -0.05), (0.28, -0.08), (0.33, 0.28), (0.18, 0.52), (-0.18, 0.52), (-0.32, 0.25)]
            )
        )
        shape(palm, as_colour(skin, 0.92))
        spread = rng.uniform(0.7, 1.2)
        for n, (x, length) in enumerate(((-0.24, 0.42), (-0.08, 0.52), (0.09, 0.50), (0.24, 0.38))):
            finger((x, 0.05), (x * (1 + 0.5 * spread), 0.0 - length), 0.15, 1.0 - 0.03 * n)
        finger((-0.26, 0.28), (-0.52, 0.0), 0.15, 0.95)
    return colour, cv2.GaussianBlur(opacity, (3, 3), 0)
