"""Each action unit moves what it moves in FACS, and nothing else."""

import numpy as np
import pytest

from vidfer.actors.face.base import draw_base
from vidfer.actors.face.brows import brow_line
from vidfer.actors.face.canvas import Canvas
from vidfer.actors.face.eyes import lids
from vidfer.actors.face.head import draw_head
from vidfer.actors.face.mouth import mouth_shape
from vidfer.actors.units import INDEX, UNITS, resting

# Face units: x1, y1, x2, y2 of the pixels that a unit may change; the person's left and right alike.
BROWS = (-0.9, -1.0, 0.9, -0.02)
EYES = (-0.9, -0.35, 0.9, 0.30)
NOSE = (-0.7, -0.55, 0.7, 1.0)
MOUTH = (-0.85, 0.35, 0.85, 1.45)
UPPER_LIP = (-0.85, 0.2, 0.85, 1.3)
CHEEKS = (-1.1, -0.3, 1.1, 1.3)
REGION = {
    1: BROWS, 2: BROWS, 4: BROWS, 5: EYES, 6: (-1.1, -0.3, 1.1, 0.8), 7: EYES, 9: NOSE, 10: UPPER_LIP,
    12: CHEEKS, 14: MOUTH, 15: MOUTH, 17: MOUTH, 18: MOUTH, 20: MOUTH, 23: MOUTH, 25: MOUTH, 26: MOUTH,
    45: EYES,
}  # fmt: skip


def show(unit: int, amount: float = 1.0) -> np.ndarray:
    units = resting(1)[0]
    units[INDEX[unit]] = amount
    return units


@pytest.fixture(scope="module")
def heads(person):
    canvas = Canvas(72)
    base = draw_base(person, (-0.2, -0.2), canvas)

    def head(units: np.ndarray) -> np.ndarray:
        return draw_head(base, person, units, np.zeros(2), canvas)[0].astype(int)

    return head, canvas


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_changes_pixels_in_its_region_only(heads, unit):
    head, canvas = heads
    change = np.abs(head(show(unit)) - head(resting(1)[0])).max(axis=2)
    inside = np.zeros_like(change, bool)
    inside[canvas.window(*REGION[unit])] = True
    assert (change[inside] > 25).sum() > 60, "nothing to see"
    assert change[~inside].max() <= 2, "something else moved"


@pytest.mark.parametrize("unit", UNITS)
def test_half_an_intensity_shows_less(heads, unit):
    head, _ = heads
    rest = head(resting(1)[0])
    half, full = (np.abs(head(show(unit, amount)) - rest).sum() for amount in (0.4, 1.0))
    assert 0 < half < full


@pytest.mark.parametrize("unit", [1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 20, 45])
def test_one_side_moves_alone(heads, unit):
    head, _ = heads
    units = show(unit)
    units[INDEX[unit], 1] = 0  # the person's left only: the picture's right
    change = np.abs(head(units) - head(resting(1)[0])).max(axis=2)
    middle = change.shape[1] // 2
    assert change[:, middle:].sum() > 3 * change[:, :middle].sum()


def test_brows(person):
    rest, inner, outer, lower = (
        brow_line(person, show(u, a)[:, 0], 1) for u, a in ((1, 0), (1, 1), (2, 1), (4, 1))
    )
    lift = rest[:, 1] - inner[:, 1]
    assert lift[0] > 0.12 and lift[-1] < 0.02
    lift = rest[:, 1] - outer[:, 1]
    assert lift[7] > 0.10 and lift[0] < 0.02
    assert (lower[:, 1] > rest[:, 1]).all() and lower[0, 0] < rest[0, 0] - 0.03


def test_lids(person):
    def opening(unit: int, amount: float = 1.0) -> tuple[float, float]:
        upper, lower = lids(person, show(unit, amount)[:, 0], 1)
        return -upper[7, 1], lower[7, 1]

    up, low = opening(5, 0.0)
    assert opening(5)[0] > up + 0.05
    assert opening(7)[1] < low - 0.03 and opening(6)[1] < low - 0.03
    upper, lower = lids(person, show(45)[:, 0], 1)
    assert (lower - upper)[:, 1].max() < 0.03


def test_mouth(person):
    rest = mouth_shape(person, resting(1)[0])

    def shape(unit: int):
        return mouth_shape(person, show(unit))

    corner_x, corner_y = rest.corners[0]
    assert shape(12).corners[0][1] < corner_y - 0.1 and shape(12).corners[0][0] > corner_x + 0.05
    assert shape(15).corners[0][1] > corner_y + 0.08
    assert shape(20).corners[0][0] > corner_x + 0.08
    assert shape(18).corners[0][0] < corner_x - 0.08
    assert shape(14).corners[0][0] < corner_x
    assert rest.gap < 0.005 and 0.05 < shape(25).gap < shape(26).gap

    def lip_height(mouth) -> float:
        return float((mouth.outer_lower - mouth.outer_upper)[8, 1])

    assert lip_height(shape(23)) < 0.6 * lip_height(rest)
    assert shape(10).outer_upper[8, 1] < rest.outer_upper[8, 1] - 0.04
    assert shape(17).inner_lower[8, 1] < rest.inner_lower[8, 1] - 0.03
