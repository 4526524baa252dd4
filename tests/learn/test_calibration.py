import numpy as np
import pytest

from vidfer.infer.predict import Predictions
from vidfer.learn.calibration import (
    MIN_CLIPS,
    at_temperature,
    calibration_error,
    calibration_info,
    fit_temperature,
    measure_calibration,
)


def predictions(probabilities, labels, has_face=None) -> Predictions:
    n = len(labels)
    faces = np.ones(n, bool) if has_face is None else np.array(has_face)
    return Predictions(np.arange(n), np.array(probabilities, np.float32), np.array(labels), faces)


def test_a_teacher_that_is_too_sure_gets_the_temperature_of_the_closed_form():
    """0.9 sure and right in 7 of 10: the likeliest T takes 0.9 to 0.7, so T = logit(0.9) / logit(0.7)."""
    said = predictions([[0.9, 0.1]] * 10, [0] * 7 + [1] * 3)
    temperature = fit_temperature(said)
    assert temperature == pytest.approx(np.log(9) / np.log(7 / 3), rel=1e-4)
    cooled = at_temperature(said, temperature)
    assert np.allclose(cooled.probabilities[0], [0.7, 0.3], atol=1e-4)
    assert calibration_error(said) == pytest.approx(0.2, abs=1e-6)
    assert calibration_error(cooled) == pytest.approx(0.0, abs=1e-4)


def test_a_temperature_changes_no_first_choice_and_1_changes_nothing():
    drawn = np.random.default_rng(0).dirichlet(np.ones(7), 50)
    said = predictions(drawn, [-1] * 50)
    for temperature in (0.3, 1.0, 4.0):
        probabilities = at_temperature(said, temperature).probabilities
        assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-6)
        assert np.array_equal(probabilities.argmax(axis=1), said.probabilities.argmax(axis=1))
    assert np.allclose(at_temperature(said, 1.0).probabilities, drawn, atol=1e-6)


def test_clips_without_a_face_or_label_say_nothing():
    rows, labels = [[0.9, 0.1]] * 10 + [[0.6, 0.4]] * 2, [0] * 7 + [1] * 3 + [1, -1]
    faces = [True] * 10 + [False, True]
    assert fit_temperature(predictions(rows, labels, faces)) == pytest.approx(
        fit_temperature(predictions(rows[:10], labels[:10]))
    )
    nobody = predictions([[0.9, 0.1]], [-1])
    assert fit_temperature(nobody) == 1.0 and np.isnan(calibration_error(nobody))


def test_few_clips_that_are_all_right_or_all_wrong_move_it_only_so_far():
    sure = [[0.8, 0.2]] * 4
    assert fit_temperature(predictions(sure, [0] * 4)) == pytest.approx(0.1, rel=1e-3)
    assert fit_temperature(predictions(sure, [1] * 4)) == pytest.approx(10, rel=1e-3)
    # A probability of 0 for the truth is no infinite loss.
    assert np.isfinite(fit_temperature(predictions([[1.0, 0.0]] * 3, [0, 0, 1])))


def test_a_calibration_counts_answers_after_the_temperature_over_all_caches():
    """0.9 sure and right in 7 of 10 becomes 0.7 sure: answered up to 0.65, and not at 0.75 and above."""
    part = predictions([[0.9, 0.1]] * 100, [0] * 70 + [1] * 30)
    unseen = predictions([[0.9, 0.1]] * 12, [0] * 10 + [-1] * 2, [False] * 12)
    found = measure_calibration([part, part, unseen])
    assert found.clips == 210 and found.temperature == pytest.approx(np.log(9) / np.log(7 / 3), rel=1e-4)
    counts = dict(zip(found.thresholds, zip(found.answered, found.right)))
    assert counts[0.0] == counts[0.65] == (200, 140) and counts[0.75] == counts[0.95] == (0, 0)
    assert found.threshold_for(0.7) == 0.0 and found.threshold_for(0.75) is None


def test_too_few_clips_or_no_numbers_give_no_calibration():
    rows, labels = [[0.9, 0.1]] * MIN_CLIPS, [0] * MIN_CLIPS
    assert measure_calibration([predictions(rows, labels)]) is not None
    assert measure_calibration([predictions(rows[1:], labels[1:])]) is None
    assert calibration_info([predictions(rows[1:], labels[1:])]) == {}
    assert measure_calibration([predictions(rows, [-1, *labels[1:]])]) is None
    rows[0] = [np.nan, np.nan]
    assert measure_calibration([predictions(rows, labels)]) is None
