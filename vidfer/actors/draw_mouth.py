"""The mouth: lip corners (12, 14, 15, 20), lips (10, 17, 18, 23), opening (25, 26)."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from vidfer.actors.identity import Identity
from vidfer.actors.patch import Patch
from vidfer.actors.pixels import as_colour, blend, fill, stroke
from vidfer.actors.units import INDEX

N_POINTS = 17


@dataclass(frozen=True)
class MouthShape:
    """Contours of the lips from the picture's left to right, face units (n, 2)."""

    outer_upper: np.ndarray
    inner_upper: np.ndarray
    inner_lower: np.ndarray
    outer_lower: np.ndarray
    corners: tuple[np.ndarray, np.ndarray]
    """Lip corners of the person's left and right side."""

    @property
    def lower_y(self) -> float:
        """Lowest point of the lower lip."""
        return float(self.outer_lower[:, 1].max())

    @property
    def gap(self) -> float:
        """Largest opening."""
        return float((self.inner_lower[:, 1] - self.inner_upper[:, 1]).max())


def mouth_shape(identity: Identity, units: np.ndarray) -> MouthShape:
    """Where the lips are; ``units`` is one frame, (units, 2 sides)."""

    def side(number: int) -> np.ndarray:
        return units[INDEX[number]]

    def both(number: int) -> float:
        return float(units[INDEX[number]].mean())

    out = (
        0.095 * side(12)
        + 0.14 * side(20)
        + 0.02 * side(15)
        - 0.035 * side(14)
        - 0.06 * side(23)
        - 0.13 * side(18)
    )
    out = out - 0.05 * both(26)
    down = -0.155 * side(12) - 0.03 * side(14) + 0.125 * side(15) + 0.035 * side(20)
    widths = identity.mouth_width + out
    corner_y = identity.mouth_tilt + down
    t = np.linspace(-1, 1, N_POINTS)
    width = np.where(t > 0, widths[0], widths[1])
    # Person's left is the picture's right.
    bend = np.where(t > 0, corner_y[0], corner_y[1]) * np.abs(t) ** 1.8
    raise_upper = np.interp(t, [-1, 1], side(10)[::-1]) * 0.075 + np.interp(t, [-1, 1], side(9)[::-1]) * 0.045
    bow = (1 - t**2).clip(0)
    opening = (0.075 * both(25) + 0.235 * both(26)) * (1 - 0.3 * both(18))
    # A dropping jaw takes the corners along, half of its way: the open mouth is an oval, not a grin.
    middle = (
        identity.mouth_y
        + bend
        + 0.02 * both(12)
        - 0.045 * both(17) * bow
        + 0.42 * opening * (1 - 0.5 * both(12))
    )
    raised = raise_upper * bow**0.7
    parted = min(1.0, opening / 0.05)
    inner_upper = middle - raised * (0.55 + 0.35 * parted) - (0.50 - 0.2 * both(12)) * opening * bow**0.6
    inner_lower = middle + (0.60 + 0.2 * both(12)) * opening * bow**0.6 - raised * 0.55 * (1 - parted)
    thin = 1 - 0.62 * both(23) - 0.15 * both(12) - 0.22 * both(20)
    pucker = 1 + 0.35 * both(18)
    cupid = bow**0.6 * (1 - 0.20 * np.exp(-((t / 0.16) ** 2)))
    outer_upper = (
        inner_upper - identity.lip_upper * max(thin, 0.2) * pucker * cupid - 0.3 * raised * (1 - parted)
    )
    outer_lower = (
        inner_lower + identity.lip_lower * max(thin, 0.2) * pucker * (1 - 0.15 * both(17)) * bow**0.6
    )
    x = t * width
    contours = (np.stack([x, y], 1) for y in (outer_upper, inner_upper, inner_lower, outer_lower))
    upper_line = np.stack([x, middle], 1)
    return MouthShape(*contours, corners=(upper_line[-1], upper_line[0]))


def draw_mouth(image: np.ndarray, identity: Identity, mouth: MouthShape, patch: Patch) -> None:
    """Draw lips, teeth and tongue in place."""
    everything = np.concatenate([mouth.outer_upper, mouth.outer_lower])
    low, high = everything.min(0) - 0.06, everything.max(0) + 0.08
    rows, columns = patch.window(*low, *high)
    area = image[rows, columns]
    offset = np.array((columns.start, rows.start))
    unit = patch.unit_px

    def px(points: np.ndarray) -> np.ndarray:
        return patch.px(points) - offset

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
