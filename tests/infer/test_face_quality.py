"""How well a face can be seen: size, sharpness, turn, light, and the warnings about them."""

import math
from itertools import pairwise

import cv2
import numpy as np
import pytest

from vidfer.crops import STATUS
from vidfer.crops.regions import crop_regions
from vidfer.crops.settings import CropSettings
from vidfer.infer.face_quality import NOSE, FaceQuality, measure_face, quality_warnings, turn_deg

SETTINGS = CropSettings(size_px=128)


def landmarks(turn=0.0, lean=0.0, nod=0.0, eyes_px=40.0, middle=(100.0, 100.0)) -> np.ndarray:
    """Five landmarks of a head that is turned, nodded and leant by so many degrees, seen from far away."""
    half = 0.5
    head = np.array([(-half, -0.55, 0), (half, -0.55, 0), (0, 0.1, NOSE), (-0.4, 0.55, 0), (0.4, 0.55, 0)])
    t, n, a = np.radians((turn, nod, lean))
    sideways = np.array([[np.cos(t), 0, np.sin(t)], [0, 1, 0], [-np.sin(t), 0, np.cos(t)]])
    nodding = np.array([[1, 0, 0], [0, np.cos(n), -np.sin(n)], [0, np.sin(n), np.cos(n)]])
    leaning = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    points = head @ (leaning @ nodding @ sideways).T
    return points[:, :2] * eyes_px + middle


def textured(side_px=200, seed=0) -> np.ndarray:
    """A grey picture with fine and coarse detail."""
    rng = np.random.default_rng(seed)
    parts = [cv2.resize(rng.normal(size=(n, n)), (side_px, side_px)) for n in (6, 12, 25, 50)]
    luma = 120 + 20 * sum(parts)
    return np.clip(luma, 0, 255).astype(np.uint8)[..., None].repeat(3, axis=2)


def sharpness_of(face: np.ndarray) -> float:
    return measure_face(landmarks(), face, SETTINGS).sharpness


@pytest.mark.parametrize("turn", [-80, -45, -10, 0, 25, 60, 85])
@pytest.mark.parametrize("lean", [0, -30, 50])
def test_the_turn_of_a_head_is_found_however_it_leans_and_however_large_it_is(turn, lean):
    assert turn_deg(landmarks(turn, lean), SETTINGS) == pytest.approx(turn, abs=0.5 if abs(turn) < 70 else 8)
    small = turn_deg(landmarks(turn, lean, eyes_px=9, middle=(3, 700)), SETTINGS)
    assert small == pytest.approx(turn_deg(landmarks(turn, lean), SETTINGS))


@pytest.mark.parametrize("nod", [-20, 20])
def test_a_nod_is_no_turn(nod):
    assert turn_deg(landmarks(0, 0, nod), SETTINGS) == pytest.approx(0, abs=1e-6)
    assert turn_deg(landmarks(40, 0, nod), SETTINGS) == pytest.approx(40, abs=6)


def test_landmarks_in_one_place_have_no_turn():
    assert turn_deg(np.full((5, 2), 7.0), SETTINGS) == 0


@pytest.mark.parametrize("eyes_px", [8, 40, 90.5])
def test_the_size_is_that_of_the_face_square_in_the_frame(eyes_px):
    quality = measure_face(landmarks(eyes_px=eyes_px), textured(64), SETTINGS)
    assert quality.face_px == pytest.approx(2.9 * eyes_px)
    wide = CropSettings(face_side=4.0)
    assert measure_face(landmarks(eyes_px=eyes_px), textured(64), wide).face_px == pytest.approx(4 * eyes_px)


def test_the_more_blur_the_less_sharpness():
    face = textured()
    found = [sharpness_of(face), *(sharpness_of(cv2.GaussianBlur(face, (0, 0), s)) for s in (3, 6, 12))]
    assert all(before > after + 0.03 for before, after in pairwise(found)), found
    assert found[-1] >= 0 and found[0] <= 1


def test_sharpness_depends_on_no_light_contrast_or_size_of_the_crop():
    face = cv2.GaussianBlur(textured(), (0, 0), 4)
    before = sharpness_of(face)
    for other in (face // 2, face // 2 + 100, 255 - face):
        assert sharpness_of(other) == pytest.approx(before, abs=0.02)
    for side in (128, 400):
        assert sharpness_of(cv2.resize(face, (side, side))) == pytest.approx(before, abs=0.02)


def test_blur_along_one_axis_counts():
    moved = cv2.blur(textured(), (31, 1))
    assert sharpness_of(moved) < sharpness_of(textured()) - 0.1
    assert sharpness_of(moved.transpose(1, 0, 2)) == pytest.approx(sharpness_of(moved), abs=0.05)


@pytest.mark.parametrize("level", [0, 90, 255])
def test_one_colour_is_not_sharp_and_as_bright_as_it_is(level):
    quality = measure_face(landmarks(), np.full((50, 50, 3), level, np.uint8), SETTINGS)
    assert quality.sharpness == 0 and quality.brightness == level


@pytest.mark.parametrize(("colour", "luma"), [((200, 0, 0), 60), ((0, 200, 0), 117), ((0, 0, 200), 23)])
def test_brightness_is_that_of_the_middle_and_weighs_colours_as_the_eye_does(colour, luma):
    face = np.full((64, 64, 3), 255, np.uint8)
    face[11:-11, 11:-11] = colour  # less than half of the crop
    assert measure_face(landmarks(), face, SETTINGS).brightness == pytest.approx(luma, abs=1)


def test_assumed_landmarks_tell_no_turn():
    assert math.isnan(measure_face(landmarks(60), textured(), SETTINGS, "assumed").turn_deg)


def test_a_face_that_is_seen_well_has_no_warning():
    frame = textured(220)
    quality = measure_face(landmarks(), crop_regions(frame, landmarks(), SETTINGS)[0], SETTINGS)
    assert all(quality_warnings(quality, status) == () for status in ("detected", "tracked", "assumed"))


@pytest.mark.parametrize(
    ("words", "changed", "status"),
    [
        ("small face", {"face_px": 12.0}, "detected"),
        ("blurred", {"sharpness": 0.2}, "tracked"),
        ("turned away", {"turn_deg": -70.0}, "detected"),
        ("turned away", {"turn_deg": 70.0}, "detected"),
        ("dark", {"brightness": 3.0}, "detected"),
        ("overexposed", {"brightness": 254.0}, "detected"),
        ("interpolated", {}, "interpolated"),
    ],
)
def test_each_fault_has_its_words(words, changed, status):
    seen = {"face_px": 200.0, "sharpness": 0.65, "turn_deg": 0.0, "brightness": 120.0}
    assert status in STATUS
    assert quality_warnings(FaceQuality(**seen | changed), status) == (words,)


def test_several_faults_are_all_named_and_an_unknown_turn_is_none():
    bad = FaceQuality(face_px=5.0, sharpness=0.1, turn_deg=math.nan, brightness=2.0)
    assert quality_warnings(bad, "interpolated") == ("small face", "blurred", "dark", "interpolated")
