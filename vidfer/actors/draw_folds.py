"""Folds and bulges that action units make in the skin, as a map that the skin is multiplied with."""

from __future__ import annotations

import cv2
import numpy as np

from vidfer.actors.draw_base import draw_nostrils
from vidfer.actors.draw_mouth import MouthShape
from vidfer.actors.identity import Identity
from vidfer.actors.patch import Patch
from vidfer.actors.pixels import spline, stroke
from vidfer.actors.units import INDEX

FLAT = 128
"""Value of the map where the skin stays as it is."""


def fold_map(identity: Identity, units: np.ndarray, mouth: MouthShape, patch: Patch) -> np.ndarray:
    """Shade of the skin, uint8 (H, W); 128 leaves it, 0 is black. ``units`` is one frame (units, 2)."""
    shade = np.full(patch.shape, FLAT, np.uint8)
    for side, sign in ((0, 1), (1, -1)):
        _bulges(shade, identity, units[:, side], sign, patch)
        _side_folds(shade, identity, units[:, side], sign, mouth, patch)
    _middle_folds(shade, identity, units, mouth, patch)
    shade = cv2.GaussianBlur(shade, (5, 5), 0)
    draw_nostrils(shade, identity, float(units[INDEX[9]].mean()), patch)
    return shade


def _fold(shade: np.ndarray, points, amount: float, patch: Patch, width: float = 0.022) -> None:
    """One dark line; ``amount`` in 0..1 is its depth."""
    if amount < 0.04:
        return
    curve = spline(np.asarray(points), 4, closed=False)
    stroke(shade, patch.px(curve), int(FLAT - 78 * min(amount, 1.0)), width * patch.unit_px)


def _bulge(shade: np.ndarray, centre, axes, amount: float, patch: Patch) -> None:
    """One soft raised spot, lighter above and darker below."""
    if amount < 0.04:
        return
    (cx, cy), (ax, ay) = patch.px(centre), np.asarray(axes) * patch.unit_px
    rows, columns = patch.window(
        centre[0] - 2 * axes[0], centre[1] - 2 * axes[1], centre[0] + 2 * axes[0], centre[1] + 2 * axes[1]
    )
    y = (np.arange(rows.start, rows.stop, dtype=np.float32)[:, None] - cy) / ay
    x = (np.arange(columns.start, columns.stop, dtype=np.float32)[None] - cx) / ax
    spot = np.exp(-1.5 * y * y) * (0.35 - y) * np.exp(-1.5 * x * x)
    area = shade[rows, columns]
    area[...] = (area + 30 * amount * spot).clip(0, 255)


def _bulges(shade: np.ndarray, identity: Identity, units: np.ndarray, sign: int, patch: Patch) -> None:
    smile = units[INDEX[12]]
    cheek = max(units[INDEX[6]], 0.6 * smile)
    _bulge(shade, (sign * 0.56, 0.36 - 0.06 * cheek), (0.22, 0.17), 1.3 * cheek, patch)
    _bulge(shade, (sign * 0.27, identity.nose_y - 0.05), (0.09, 0.10), 0.9 * units[INDEX[9]], patch)
    _bulge(shade, (sign * 0.50, identity.mouth_y + 0.02), (0.08, 0.10), 0.9 * units[INDEX[14]], patch)


def _side_folds(
    shade: np.ndarray, identity: Identity, units: np.ndarray, sign: int, mouth: MouthShape, patch: Patch
) -> None:
    def unit(number: int) -> float:
        return float(units[INDEX[number]])

    age = identity.age
    lined = 0.7 + 0.5 * age
    flip = np.array((sign, 1.0))
    corner = mouth.corners[0 if sign > 0 else 1] * flip

    def beside(dx: float, dy: float) -> np.ndarray:
        return corner + np.array((dx, dy))

    nose_y, nose_w, eye_x = identity.nose_y, identity.nose_width, identity.eye_x
    # Nasolabial fold: wing of the nose to beside the lip corner.
    depth = max(0.30 * age, lined * max(0.75 * unit(12), 0.8 * unit(10), 0.6 * unit(9), 0.3 * unit(20)))
    start = np.array((nose_w + 0.03, nose_y - 0.06 - 0.05 * unit(9) - 0.04 * unit(10)))
    end = beside(0.12, -0.02)
    middle = (start + end) / 2 + (0.07 + 0.04 * unit(12), -0.05)
    _fold(shade, np.array([start, middle, end]) * flip, depth, patch, 0.028)
    # Crow's feet and the pouch under the eye.
    for dy, slant in ((-0.06, -0.05), (0.0, 0.0), (0.06, 0.05)):
        foot = np.array([(eye_x + 0.27, -0.02 + dy), (eye_x + 0.36, -0.02 + dy + slant)])
        _fold(shade, foot * flip, lined * 0.65 * unit(6), patch, 0.016)
    pouch = max(0.2 * age, 0.55 * unit(6), 0.5 * unit(7))
    y = 0.155 - 0.03 * unit(6) - 0.02 * unit(7)
    _fold(
        shade,
        np.array([(eye_x - 0.17, y - 0.03), (eye_x, y + 0.02), (eye_x + 0.18, y - 0.03)]) * flip,
        pouch,
        patch,
    )
    # Crease above the upper lid.
    lid_y = -0.175 + 0.025 * unit(5) - 0.02 * unit(1) - 0.015 * unit(2) + 0.03 * unit(4)
    crease = np.array([(eye_x - 0.18, lid_y + 0.07), (eye_x, lid_y), (eye_x + 0.2, lid_y + 0.07)])
    _fold(shade, crease * flip, 0.45, patch, 0.016)
    # Forehead: the inner brow wrinkles the middle, the outer brow the side.
    for n, y in enumerate((-0.66, -0.76, -0.86)):
        inner = np.array([(0.0, y - 0.015), (0.16, y), (0.32, y + 0.01)])
        outer = np.array([(0.30, y + 0.01), (0.48, y - 0.01), (0.64, y + 0.05)])
        _fold(shade, inner * flip, max(0.22 * age, lined * 0.6 * unit(1)) * (1 - 0.2 * n), patch, 0.016)
        _fold(shade, outer * flip, max(0.18 * age, lined * 0.6 * unit(2)) * (1 - 0.2 * n), patch, 0.016)
    # Furrow between the brows, nose wrinkles.
    _fold(
        shade, np.array([(0.075, -0.46), (0.065, -0.36), (0.085, -0.24)]) * flip, lined * 0.9 * unit(4), patch
    )
    for y in (-0.12, -0.03, 0.06):
        wrinkle = np.array([(0.02, y + 0.02), (0.09, y - 0.02), (0.15, y - 0.06)])
        _fold(shade, wrinkle * flip, lined * 0.75 * unit(9), patch, 0.018)
    # Dimple, the line under a lowered corner, stretched cheeks.
    dimple = np.array([beside(0.04, -0.09), beside(0.085, -0.01), beside(0.05, 0.08)])
    _fold(shade, dimple * flip, 0.95 * unit(14), patch, 0.032)
    _fold(
        shade,
        np.array([beside(0.03, 0.02), beside(0.09, 0.12)]) * flip,
        lined * 0.8 * unit(15),
        patch,
        0.026,
    )
    for dx in (0.10, 0.17):
        stretch = np.array([beside(dx, -0.07), beside(dx + 0.02, 0.08)])
        _fold(shade, stretch * flip, 0.6 * unit(20), patch, 0.018)


def _middle_folds(
    shade: np.ndarray, identity: Identity, units: np.ndarray, mouth: MouthShape, patch: Patch
) -> None:
    chin = float(units[INDEX[17]].mean())
    y = max(mouth.lower_y + 0.05, identity.mouth_y + 0.15)
    _fold(shade, [(-0.16, y + 0.03), (0, y - 0.01), (0.16, y + 0.03)], 0.8 * chin, patch, 0.028)
    _bulge(shade, (0, y + 0.14), (0.15, 0.10), 1.2 * chin, patch)
    for x, dy in ((-0.09, 0.12), (0.02, 0.09), (0.10, 0.14), (-0.02, 0.18)):
        _fold(shade, [(x, y + dy), (x + 0.02, y + dy + 0.02)], 0.5 * chin, patch, 0.03)
    tight = float(units[INDEX[23]].mean())
    for x in (-0.2, -0.1, 0.1, 0.2):
        top = identity.mouth_y - identity.lip_upper
        _fold(shade, [(x, top - 0.07), (x * 0.95, top - 0.01)], 0.4 * tight, patch, 0.014)
