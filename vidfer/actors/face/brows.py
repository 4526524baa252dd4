"""Draws the eyebrows. AU1 lifts the inner part, AU2 the outer part; AU4 lowers the brows and gathers them."""

from __future__ import annotations

import cv2
import numpy as np

from vidfer.actors.face.canvas import Canvas
from vidfer.actors.face.shapes import blend, fill
from vidfer.actors.identity import Identity
from vidfer.actors.units import INDEX


def brow_line(identity: Identity, units: np.ndarray, sign: int) -> np.ndarray:
    """The middle line of a brow from the inside to the outside, (n, 2) in face units.

    Args:
        units: intensities of this side of the face in one frame, (units,).
        sign: 1 for the person's left side (right in the picture), -1 for the right side.
    """
    u = np.linspace(0, 1, 11)
    inner, outer, lower = (float(units[INDEX[n]]) for n in (1, 2, 4))
    wrinkle = float(units[INDEX[9]])
    x = 0.17 + 0.55 * u - 0.055 * lower * (1 - u) ** 1.2
    y = (
        identity.brow_y
        + identity.brow_tilt * (0.5 - u)
        - identity.brow_arch * np.sin(np.pi * u**1.3)
        + 0.03 * u**3
    )
    y = y - 0.19 * inner * (1 - u) ** 1.3 - 0.17 * outer * np.sin(np.pi * (0.15 + 0.6 * u)) * u**0.7
    y = y + lower * (0.115 - 0.05 * u) + 0.05 * wrinkle * (1 - u)
    return np.stack([sign * x, y], 1)


def draw_brow(image: np.ndarray, identity: Identity, units: np.ndarray, sign: int, canvas: Canvas) -> None:
    """Draws one brow, in place; arguments as :func:`brow_line`."""
    line = brow_line(identity, units, sign)
    u = np.linspace(0, 1, len(line))
    half = identity.brow_thickness * np.interp(u, [0, 0.12, 0.6, 1], [0.55, 0.95, 0.8, 0.12])
    contour = np.concatenate([line - np.stack([0 * u, half], 1), (line + np.stack([0 * u, half], 1))[::-1]])
    low, high = contour.min(0) - 0.06, contour.max(0) + 0.06
    rows, columns = canvas.window(*low, *high)
    mask = np.zeros((rows.stop - rows.start, columns.stop - columns.start), np.uint8)
    fill(mask, canvas.px(contour) - (columns.start, rows.start), 225)
    mask = cv2.GaussianBlur(mask, (3, 3), 0)
    # Brows show half of the expression, so they are always darker than the hair and than the skin.
    colour = np.minimum(np.asarray(identity.hair) * 0.75, np.asarray(identity.skin) * 0.60)
    blend(image[rows, columns], colour, mask)
