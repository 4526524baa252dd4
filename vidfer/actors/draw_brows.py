"""Eyebrows: AU1 lifts the inner part, AU2 the outer part, AU4 lowers and gathers them."""

from __future__ import annotations

import cv2
import numpy as np

from vidfer.actors.identity import Identity
from vidfer.actors.patch import Patch
from vidfer.actors.pixels import blend, fill
from vidfer.actors.units import INDEX


def brow_line(identity: Identity, units: np.ndarray, sign: int) -> np.ndarray:
    """The brow's middle line from inside to outside, face units (n, 2); ``units`` is one side of a frame."""
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


def draw_brow(image: np.ndarray, identity: Identity, units: np.ndarray, sign: int, patch: Patch) -> None:
    """Draw one brow in place; ``sign`` is 1 for the person's left (right in the picture)."""
    line = brow_line(identity, units, sign)
    u = np.linspace(0, 1, len(line))
    half = identity.brow_thickness * np.interp(u, [0, 0.12, 0.6, 1], [0.55, 0.95, 0.8, 0.12])
    contour = np.concatenate([line - np.stack([0 * u, half], 1), (line + np.stack([0 * u, half], 1))[::-1]])
    low, high = contour.min(0) - 0.06, contour.max(0) + 0.06
    rows, columns = patch.window(*low, *high)
    mask = np.zeros((rows.stop - rows.start, columns.stop - columns.start), np.uint8)
    fill(mask, patch.px(contour) - (columns.start, rows.start), 225)
    mask = cv2.GaussianBlur(mask, (3, 3), 0)
    # Brows are darker than the hair, and always darker than the skin: they carry half of the expression.
    colour = np.minimum(np.asarray(identity.hair) * 0.75, np.asarray(identity.skin) * 0.60)
    blend(image[rows, columns], colour, mask)
