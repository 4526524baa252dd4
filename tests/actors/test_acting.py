"""Action units over the time of a clip."""

import numpy as np
import pytest

from vidfer.actors.acting import act, envelope
from vidfer.actors.conditions import CONDITIONS
from vidfer.actors.expressions import EXPRESSIONS, prototype
from vidfer.actors.units import INDEX, UNITS


def play(label: str, seed: int, setting: str = "studio", n_frames: int = 40) -> np.ndarray:
    return act(np.random.default_rng(seed), label, n_frames, 25, CONDITIONS[setting])


def test_envelope_rises_stays_and_falls():
    times_s = np.arange(0, 2.01, 0.1)
    curve = envelope(times_s, 0.5, 0.4, 1.2, 0.3)
    assert curve[:6].max() == 0 and curve[15:].max() < 1e-12
    np.testing.assert_allclose(curve[9:13], 1)
    assert (np.diff(curve[5:10]) > 0).all()
    assert curve[7] == pytest.approx(0.5)


@pytest.mark.parametrize("seed", range(20))
def test_a_neutral_studio_face_rests_but_for_blinks(seed):
    units = play("neutral", seed)
    units[:, INDEX[45]] = 0
    assert (units == 0).all()


@pytest.mark.parametrize("label", [label for label in EXPRESSIONS if label != "neutral"])
@pytest.mark.parametrize("setting", ["studio", "wild"])
def test_the_prototype_dominates(label, setting):
    wanted = prototype(label)
    foreign = [unit for unit in UNITS if unit not in wanted and unit not in (18, 25, 26, 45)]  # talk, blinks
    peaks = np.mean([play(label, seed, setting).max(axis=(0, 2)) for seed in range(30)], axis=0)
    assert min(peaks[INDEX[unit]] for unit in wanted) > 0.4
    assert max(peaks[INDEX[unit]] for unit in foreign) < 0.15


def test_intensities_stay_in_range_and_vary_between_clips():
    peaks = []
    for seed in range(50):
        units = play("happy", seed, "wild")
        assert units.min() >= 0 and units.max() <= 1
        peaks.append(units[:, INDEX[12]].max())
    assert np.std(peaks) > 0.1


def test_contempt_stays_on_the_right():
    for seed in range(20):
        units = play("contempt", seed)
        assert units[:, INDEX[12], 0].max() == 0 and units[:, INDEX[12], 1].max() > 0.4


def test_some_people_in_the_wild_talk_and_some_blink():
    clips = np.stack([play("neutral", seed, "wild") for seed in range(60)])
    talks = clips[:, :, INDEX[25]].max(axis=(1, 2)) > 0.1
    blinks = clips[:, :, INDEX[45]].max(axis=(1, 2)) > 0.8
    assert 0.1 < talks.mean() < 0.6
    assert 0.1 < blinks.mean() < 0.8


def test_the_two_sides_differ_a_little():
    units = play("happy", 3, "wild")
    left, right = units[:, INDEX[12], 0].max(), units[:, INDEX[12], 1].max()
    assert left != right and abs(left - right) < 0.4
