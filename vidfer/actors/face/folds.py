"""Draws the folds and bulges of the skin that action units make, as a map that multiplies the skin."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from vidfer.actors.face.canvas import Canvas
from vidfer.actors.face.mouth import MouthShape
from vidfer.actors.face.nose import draw_nostrils
from vidfer.actors.face.shapes import spline, stroke
from vidfer.actors.identity import Identity
from vidfer.actors.units import INDEX

FLAT = 128
"""Value of the map where the skin stays as it is."""

INVISIBLE = 0.04
"""A fold or bulge that is weaker than this is not drawn."""


@dataclass(frozen=True)
class FoldPen:
    """Draws on one side of the map of a frame."""

    shade: np.ndarray
    canvas: Canvas
    sign: int
    """1 for the person's left side (right in the picture), -1 for the right side."""
    units: np.ndarray
    """Intensities of this side of the face, (units,)."""

    def unit(self, number: int) -> float:
        """The intensity of an action unit."""
        return float(self.units[INDEX[number]])

    def fold(self, points, amount: float, width: float = 0.022) -> None:
        """Draws a dark line through points in face units; ``amount`` (0..1) is its depth."""
        if amount < INVISIBLE:
            return
        curve = spline(np.asarray(points) * (self.sign, 1), 4, closed=False)
        value = int(FLAT - 78 * min(amount, 1.0))
        stroke(self.shade, self.canvas.px(curve), value, width * self.canvas.unit_px)

    def bulge(self, x: float, y: float, half_width: float, half_height: float, amount: float) -> None:
        """Draws a soft raised spot, which is lighter above and darker below."""
        if amount < INVISIBLE:
            return
        x = self.sign * x
        rows, columns = self.canvas.window(
            x - 2 * half_width, y - 2 * half_height, x + 2 * half_width, y + 2 * half_height
        )
        centre_x, centre_y = self.canvas.px((x, y))
        unit = self.canvas.unit_px
        down = (np.arange(rows.start, rows.stop, dtype=np.float32)[:, None] - centre_y) / (half_height * unit)
        across = (np.arange(columns.start, columns.stop, dtype=np.float32) - centre_x) / (half_width * unit)
        spot = np.exp(-1.5 * down * down) * (0.35 - down) * np.exp(-1.5 * across * across)
        area = self.shade[rows, columns]
        area[...] = (area + 30 * amount * spot).clip(0, 255)


def fold_map(identity: Identity, units: np.ndarray, mouth: MouthShape, canvas: Canvas) -> np.ndarray:
    """The shade of the skin, uint8 (H, W): 128 leaves the skin as it is, 0 is black.

    Args:
        units: intensities of one frame, (units, 2 sides).
    """
    shade = np.full(canvas.shape, FLAT, np.uint8)
    for side, sign in ((0, 1), (1, -1)):
        pen = FoldPen(shade, canvas, sign, units[:, side])
        _cheek(pen, identity)
        _around_mouth(pen, identity, np.array(mouth.corners[side]) * (sign, 1))
        _around_eye(pen, identity)
        _forehead(pen, identity)
    _chin(FoldPen(shade, canvas, 1, units.mean(1)), identity, mouth)
    shade = cv2.GaussianBlur(shade, (5, 5), 0)
    draw_nostrils(shade, identity, float(units[INDEX[9]].mean()), canvas)
    return shade


def _lined(identity: Identity) -> float:
    """How deeply the skin folds; old skin folds more deeply."""
    return 0.7 + 0.5 * identity.age


def _cheek(pen: FoldPen, identity: Identity) -> None:
    cheek = max(pen.unit(6), 0.6 * pen.unit(12))
    pen.bulge(0.56, 0.36 - 0.06 * cheek, 0.22, 0.17, 1.3 * cheek)
    pen.bulge(0.27, identity.nose_y - 0.05, 0.09, 0.10, 0.9 * pen.unit(9))
    pen.bulge(0.50, identity.mouth_y + 0.02, 0.08, 0.10, 0.9 * pen.unit(14))


def _around_mouth(pen: FoldPen, identity: Identity, corner: np.ndarray) -> None:
    def beside(dx: float, dy: float) -> np.ndarray:
        return corner + np.array((dx, dy))

    unit, lined = pen.unit, _lined(identity)
    # Nasolabial fold: from the wing of the nose to beside the lip corner.
    depth = max(0.75 * unit(12), 0.8 * unit(10), 0.6 * unit(9), 0.3 * unit(20))
    start = np.array((identity.nose_width + 0.03, identity.nose_y - 0.06 - 0.05 * unit(9) - 0.04 * unit(10)))
    end = beside(0.12, -0.02)
    middle = (start + end) / 2 + (0.07 + 0.04 * unit(12), -0.05)
    pen.fold([start, middle, end], max(0.30 * identity.age, lined * depth), 0.028)
    # Dimple, the line under a lowered corner, stretched cheeks.
    pen.fold([beside(0.04, -0.09), beside(0.085, -0.01), beside(0.05, 0.08)], 0.95 * unit(14), 0.032)
    pen.fold([beside(0.03, 0.02), beside(0.09, 0.12)], lined * 0.8 * unit(15), 0.026)
    for dx in (0.10, 0.17):
        pen.fold([beside(dx, -0.07), beside(dx + 0.02, 0.08)], 0.6 * unit(20), 0.018)


def _around_eye(pen: FoldPen, identity: Identity) -> None:
    unit, lined, x = pen.unit, _lined(identity), identity.eye_x
    for dy, slant in ((-0.06, -0.05), (0.0, 0.0), (0.06, 0.05)):  # crow's feet
        pen.fold([(x + 0.27, -0.02 + dy), (x + 0.36, -0.02 + dy + slant)], lined * 0.65 * unit(6), 0.016)
    pouch = max(0.2 * identity.age, 0.55 * unit(6), 0.5 * unit(7))
    y = 0.155 - 0.03 * unit(6) - 0.02 * unit(7)
    pen.fold([(x - 0.17, y - 0.03), (x, y + 0.02), (x + 0.18, y - 0.03)], pouch)
    # Crease above the upper lid: it follows the lid and the brow.
    y = -0.175 + 0.025 * unit(5) - 0.02 * unit(1) - 0.015 * unit(2) + 0.03 * unit(4)
    pen.fold([(x - 0.18, y + 0.07), (x, y), (x + 0.2, y + 0.07)], 0.45, 0.016)


def _forehead(pen: FoldPen, identity: Identity) -> None:
    unit, lined, age = pen.unit, _lined(identity), identity.age
    # The inner brow wrinkles the middle of the forehead, the outer brow its side.
    for fade, y in ((1.0, -0.66), (0.8, -0.76), (0.6, -0.86)):
        inner, outer = max(0.22 * age, lined * 0.6 * unit(1)), max(0.18 * age, lined * 0.6 * unit(2))
        pen.fold([(0.0, y - 0.015), (0.16, y), (0.32, y + 0.01)], inner * fade, 0.016)
        pen.fold([(0.30, y + 0.01), (0.48, y - 0.01), (0.64, y + 0.05)], outer * fade, 0.016)
    pen.fold([(0.075, -0.46), (0.065, -0.36), (0.085, -0.24)], lined * 0.9 * unit(4))
    for y in (-0.12, -0.03, 0.06):  # on the bridge of the nose
        pen.fold([(0.02, y + 0.02), (0.09, y - 0.02), (0.15, y - 0.06)], lined * 0.75 * unit(9), 0.018)


def _chin(pen: FoldPen, identity: Identity, mouth: MouthShape) -> None:
    chin, tight = pen.unit(17), pen.unit(23)
    y = max(mouth.lower_y + 0.05, identity.mouth_y + 0.15)
    pen.fold([(-0.16, y + 0.03), (0, y - 0.01), (0.16, y + 0.03)], 0.8 * chin, 0.028)
    pen.bulge(0, y + 0.14, 0.15, 0.10, 1.2 * chin)
    for x, dy in ((-0.09, 0.12), (0.02, 0.09), (0.10, 0.14), (-0.02, 0.18)):
        pen.fold([(x, y + dy), (x + 0.02, y + dy + 0.02)], 0.5 * chin, 0.03)
    top = identity.mouth_y - identity.lip_upper
    for x in (-0.2, -0.1, 0.1, 0.2):
        pen.fold([(x, top - 0.07), (x * 0.95, top - 0.01)], 0.4 * tight, 0.014)
