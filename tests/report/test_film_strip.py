import base64
import io

import numpy as np
from PIL import Image
from refused import refused

from vidfer.errors import DataError
from vidfer.report.film_strip import CROP_PX, CURVE_PX, build_strip
from vidfer.report.strip_curve import COLUMN_PX, StripCurve


def strip_of(weights, crops=None):
    n = len(weights)
    return build_strip(
        np.zeros((n, 3, 3, 16, 16), np.uint8) if crops is None else crops,
        np.array(weights),
        np.arange(n) * 0.5,
        clip_id="Happy/1.avi",
        label="happy",
        prediction="happy",
        confidence=0.9,
    )


def test_rows_are_regions_and_columns_are_frames_in_rgb():
    crops = np.zeros((2, 3, 3, 16, 16), np.uint8)
    crops[0, 0, 0] = 255  # first frame, face: red
    crops[1, 2, 2] = 255  # second frame, mouth: blue
    rows = []
    for picture in strip_of([0.5, 0.5], crops=crops).pictures:
        kind, _, text = picture.light.partition(",")
        assert kind == "data:image/jpeg;base64"
        rows.append(np.asarray(Image.open(io.BytesIO(base64.b64decode(text))).convert("RGB")).astype(int))
        assert rows[-1].shape == (CROP_PX, 2 * CROP_PX, 3)
    half = CROP_PX // 2
    assert np.abs(rows[0][half, half] - [255, 0, 0]).max() < 12
    assert np.abs(rows[2][half, CROP_PX + half] - [0, 0, 255]).max() < 12
    assert rows[0][half, CROP_PX + half].max() < 12 and rows[1].max() < 12


def test_points_stand_above_their_frames_and_rise_with_the_weight():
    strip = strip_of([0.1, 0.6, 0.3])
    assert [f.x for f in strip.frames] == [COLUMN_PX * 0.5, COLUMN_PX * 1.5, COLUMN_PX * 2.5]
    y = [f.y for f in strip.frames]
    assert y[1] < y[2] < y[0]  # the page's y runs downwards
    assert y[1] < strip.uniform_y < y[2]  # 0.6 > 1/3 > 0.3
    assert "0.50 s counts most, with weight 0.60" in strip.summary
    assert len(strip.points.split()) == 3


def test_equal_weights_lie_on_the_dashed_line():
    strip = strip_of([0.25] * 4)
    assert {f.y for f in strip.frames} == {strip.uniform_y}
    assert 0.3 * CURVE_PX < strip.uniform_y < 0.7 * CURVE_PX  # in the middle, not like a peak


def test_a_probability_of_one_lies_at_the_top_and_has_no_line_for_all():
    curve = StripCurve(values=np.array([1.0, 0.5, 0.0]), even=None, top_px=20, bottom_px=80)
    assert curve.points == [(36, 20), (108, 50), (180, 80)] and curve.even_y is None
    assert curve.line == "36.0,20.0 108.0,50.0 180.0,80.0"


def test_one_frame():
    assert strip_of([1.0]).width_px == COLUMN_PX


def test_weights_of_another_length_are_refused():
    with refused(DataError, "'Happy/1.avi'", "3", "2", "`vidfer eval`"):
        strip_of([0.5, 0.5], crops=np.zeros((3, 3, 3, 16, 16), np.uint8))
