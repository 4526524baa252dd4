"""When a network answers: thresholds, what they promise, and damaged records."""

import json

import numpy as np
import pytest
from refused import refused

from vidfer.errors import CheckpointError
from vidfer.infer.selective import (
    PLAIN_THRESHOLD,
    Calibration,
    at_temperature,
    choose_threshold,
    count_answers,
    read_calibration,
)


def calibration(**changed) -> Calibration:
    known = {
        "temperature": 1.5,
        "clips": 200,
        "thresholds": (0.0, 0.3, 0.6, 0.9),
        "answered": (190, 120, 50, 10),
        "right": (120, 90, 45, 10),
    }
    return Calibration(**known | changed)


def test_answers_are_counted_at_every_threshold_and_a_clip_without_a_face_is_never_answered():
    confidence = np.array([0.9, 0.5, 0.5, 0.2, 1.0])
    right = np.array([True, True, False, False, True])
    seen = np.array([True, True, True, True, False])
    assert count_answers(confidence, right, seen, (0.0, 0.5, 0.9, 0.95)) == ((4, 3, 1, 0), (2, 2, 1, 0))


@pytest.mark.parametrize(
    ("wanted", "threshold"), [(0.5, 0.0), (0.7, 0.3), (0.75, 0.3), (0.8, 0.6), (0.9, 0.6)]
)
def test_the_lowest_threshold_whose_answers_are_right_often_enough(wanted, threshold):
    assert calibration().threshold_for(wanted) == threshold
    assert calibration().at(threshold) in choose_threshold(calibration(), wanted)[1]


def test_rows_with_few_answers_promise_nothing():
    known = calibration()  # at 0.9 all are right, but there are ten
    assert known.threshold_for(0.95) is None and known.best_threshold() == 0.6
    assert calibration(answered=(19, 9, 5, 1), right=(19, 9, 5, 1)).best_threshold() is None


def test_a_threshold_is_not_taken_where_a_higher_one_is_worse():
    bumpy = calibration(right=(120, 108, 35, 10))  # 0.9 at 0.3, but 0.7 at 0.6
    assert bumpy.threshold_for(0.8) is None and bumpy.threshold_for(0.7) == 0.3


def test_what_cannot_be_reached_is_said_and_the_best_is_taken():
    threshold, words = choose_threshold(calibration(), 0.99)
    assert threshold == 0.6 and "99 %" in words and "90 %" in words and "25 %" in words


@pytest.mark.parametrize("known", [None, calibration(answered=(5, 4, 3, 2), right=(5, 4, 3, 2))])
def test_without_a_calibration_a_plain_rule_holds_and_is_named(known):
    threshold, words = choose_threshold(known)
    assert threshold == PLAIN_THRESHOLD == 0.5 and "not calibrated" in words and "0.5" in words


def test_a_temperature_keeps_the_order_and_warms_or_cools():
    p = np.array([[[0.7, 0.2, 0.1]], [[0.0, 0.5, 0.5]]], np.float32)
    for temperature, warmer in ((2.0, True), (0.5, False)):
        found = at_temperature(p, temperature)
        assert found.shape == p.shape and found.dtype == np.float32
        assert np.allclose(found.sum(-1), 1) and (found.argmax(-1) == p.argmax(-1)).all()
        assert (found[0, 0, 0] < 0.7) == warmer
    # sqrt(0.7) : sqrt(0.2) : sqrt(0.1)
    root = np.sqrt([0.7, 0.2, 0.1])
    assert np.allclose(at_temperature(p, 2.0)[0, 0], root / root.sum(), atol=1e-6)
    assert np.allclose(at_temperature(p, 1.0), p, atol=1e-6)


def test_a_record_comes_back_from_json():
    known = calibration()
    assert read_calibration(json.loads(json.dumps({"calibration": known.record()})), "here") == known
    assert read_calibration({"epoch": 3}, "here") is None


@pytest.mark.parametrize(
    "changed",
    [
        {"temperature": 0},
        {"temperature": float("nan")},
        {"temperature": "warm"},
        {"clips": 10},
        {"clips": 200.5},
        {"answered": [1, 2]},
        {"answered": [190, 120, 50, -1]},
        {"right": [190, 121, 45, 10]},
        {"right": [120.0, 90, 45, 10]},
        {"thresholds": [0.0, 0.6, 0.3, 0.9]},
        {"thresholds": None},
        {"answered": "many"},
    ],
)
def test_a_damaged_record_is_refused(changed):
    with refused(CheckpointError, "runs/a", "calibration", "copy"):
        read_calibration({"calibration": calibration().record() | changed}, "runs/a")


@pytest.mark.parametrize("record", [[], "text", 3, {}])
def test_what_is_no_record_is_refused(record):
    with refused(CheckpointError, "runs/a", "calibration"):
        read_calibration({"calibration": record}, "runs/a")
