import numpy as np
import pytest

from vidfer.infer.predict import Predictions
from vidfer.learn.calibration import at_temperature, calibration_error, fit_temperature


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
