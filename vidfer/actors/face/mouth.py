"""Draws the mouth.

Action units 12, 14, 15 and 20 move the lip corners; 10, 17, 18 and 23 the lips; 25 and 26 open the mouth.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from vidfer.actors.face.canvas import Canvas
from vidfer.actors.face.shapes import as_colour, blend, fill, stroke
from vidfer.actors.identity import Identity
from vidfer.actors.units import INDEX

N_POINTS = 17


@dataclass(frozen=True)
class MouthShape:
    """The contours of the lips from left to right in the picture, (n, 2) each in face units."""

    outer_upper: np.ndarray
    inner_upper: np.ndarray
    inner_lower: np.ndarray
    outer_lower: np.ndarray
    corners: tuple[tuple[float, float], tuple[float, float]]
    """The lip corners of the person's left and right side."""

    @property
    def lower_y(self) -> float:
        """The lowest point of the lower lip."""
        return float(self.outer_lower[:, 1].max())

    @property
    def gap(self) -> float:
        """The largest distance of the lips."""
        return float((self.inner_lower[:, 1] - self.inner_upper[:, 1]).max())


def mouth_shape(identity: Identity, units: np.ndarray) -> MouthShape:
    """Where the lips are in one frame, whose intensities are ``units`` (units, 2 sides)."""
    smile, chin, pucker, stretch, tight, part, drop = (
        float(units[INDEX[number]].mean()) for number in (12, 17, 18, 20, 23, 25, 26)
    )
    widths, corner_ys = _corners(identity, units)
    # t goes from left to right in the picture, so from the person's right side to the left side.
    t = np.linspace(-1, 1, N_POINTS)
    bow = (1 - t**2).clip(0)
    x = t * np.where(t > 0, widths[0], widths[1])
    bend = np.where(t > 0, corner_ys[0], corner_ys[1]) * np.abs(t) ** 1.8
    opening = (0.075 * part + 0.235 * drop) * (1 - 0.3 * pucker)
    # The corners follow the dropping jaw half of its way. So the open mouth is an oval and not a grin.
    middle = identity.mouth_y + bend + 0.02 * smile - 0.045 * chin * bow + 0.42 * opening * (1 - 0.5 * smile)
    lift = 0.075 * units[INDEX[10]] + 0.045 * units[INDEX[9]]
    raised = np.interp(t, [-1, 1], lift[::-1]) * bow**0.7
    parted = min(1.0, opening / 0.05)
    gap = opening * bow**0.6
    inner_upper = middle - raised * (0.55 + 0.35 * parted) - (0.50 - 0.2 * smile) * gap
    inner_lower = middle - raised * 0.55 * (1 - parted) + (0.60 + 0.2 * smile) * gap
    thickness = max(1 - 0.62 * tight - 0.15 * smile - 0.22 * stretch, 0.2) * (1 + 0.35 * pucker)
    cupid = bow**0.6 * (1 - 0.20 * np.exp(-((t / 0.16) ** 2)))
    outer_upper = inner_upper - identity.lip_upper * thickness * cupid - 0.3 * raised * (1 - parted)
    outer_lower = inner_lower + identity.lip_lower * thickness * (1 - 0.15 * chin) * bow**0.6
    contours = (np.stack([x, y], 1) for y in (outer_upper, inner_upper, inner_lower, outer_lower))
    return MouthShape(*contours, corners=((x[-1], middle[-1]), (x[0], middle[0])))


def _corners(identity: Identity, units: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How far to the side and how far down the lip corners are, (2 sides,) each."""
    dimple, pucker, stretch, tight, drop = (units[INDEX[number]] for number in (14, 18, 20, 23, 26))
    pulled_up, pulled_down = units[INDEX[12]], units[INDEX[15]]
    out = 0.095 * pulled_up + 0.02 * pulled_down + 0.14 * stretch
    inwards = 0.035 * dimple + 0.06 * tight + 0.13 * pucker + 0.05 * drop
    down = 0.125 * pulled_down + 0.035 * stretch - 0.155 * pulled_up - 0.03 * dimple
    return identity.mouth_width + out - inwards, identity.mouth_tilt + down


def draw_mouth(image: np.ndarray, identity: Identity, mouth: MouthShape, canvas: Canvas) -> None:
    """Draws lips, teeth and tongue, in place."""
    everything = np.concatenate([mouth.outer_upper, mouth.outer_lower])
    low, high = everything.min(0) - 0.06, everything.max(0) + 0.08
    rows, columns = canvas.window(*low, *high)
    area = image[rows, columns]
    offset = np.array((columns.start, rows.start))
    unit = canvas.unit_px

    def px(points: np.ndarray) -> np.ndarray:
        return canvas.px(points) - offset

    lips = np.asarray(identity.lips)
    layer = np.empty_like(area)
    layer[:] = as_colour(lips)
    fill(layer, px(np.concatenate([mouth.outer_upper, mouth.inner_upper[::-1]])), as_colour(lips, 0.86))
    shine = 0.55 * mouth.inner_lower + 0.45 * mouth.outer_lower
    stroke(layer, px(shine[5:12]), as_colour(lips * 0.85 + 36), 0.035 * unit)
    mask = np.zeros(area.shape[:2], np.uint8)
    fill(mask, px(np.concatenate([mouth.outer_upper, mouth.outer_lower[::-1]])), 215)
    blend(area, layer, cv2.GaussianBlur(mask, (3, 3), 0))
    if mouth.gap > 0.012:
        _draw_inside(area, mouth, px, unit)
    seam = as_colour(lips, 0.38)
    stroke(area, px(mouth.inner_upper), seam, (0.018 if mouth.gap > 0.012 else 0.026) * unit)
    for index in (0, -1):
        stroke(area, px(mouth.inner_upper[[index, index]]), as_colour(lips, 0.45), 0.04 * unit)


def _draw_inside(area: np.ndarray, mouth: MouthShape, px, unit: float) -> None:
    inside = np.empty_like(area)
    inside[:] = (52, 18, 22)
    bottom = mouth.inner_lower[3:-3] + np.array((0, 0.02))
    if mouth.gap > 0.12:
        tongue = np.concatenate([bottom, (bottom - (0, 0.3 * mouth.gap))[::-1]])
        fill(inside, px(tongue), (168, 78, 82))
    teeth = mouth.inner_upper[2:-2]
    height = min(0.075, 0.62 * mouth.gap)
    rounded = height * (1 - np.linspace(-1, 1, len(teeth)) ** 4)
    fill(
        inside,
        px(np.concatenate([teeth - (0, 0.03), (teeth + np.stack([0 * rounded, rounded], 1))[::-1]])),
        (232, 226, 214),
    )
    mask = np.zeros(area.shape[:2], np.uint8)
    fill(mask, px(np.concatenate([mouth.inner_upper, mouth.inner_lower[::-1]])), 255)
    blend(area, inside, mask)
