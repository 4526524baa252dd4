import numpy as np
import pytest

from vidfer.evaluate.bootstrap import bootstrap_interval
from vidfer.evaluate.intervals import mean_interval, t_quantile, wilson_interval


def ends(interval) -> list[float]:
    return [interval.low, interval.high]


def test_mean_interval_is_1_96_standard_errors():
    found = mean_interval([0.2, 0.4, 0.6, 0.8])
    assert found.mean == pytest.approx(0.5)
    half = 1.96 * np.sqrt(0.2 / 3) / 2  # squared deviations add up to 0.2
    assert ends(found) == pytest.approx([0.5 - half, 0.5 + half])
    assert (found.n, found.over) == (4, "episodes")
    assert str(found) == "50.0 % [24.7, 75.3] (4 episodes)"


def test_one_episode_has_no_interval():
    found = mean_interval([0.25])
    assert (found.mean, found.low, found.high) == (0.25, None, None)
    assert str(found) == "25.0 % (1 episodes)"
    with pytest.raises(ValueError, match="at least one"):
        mean_interval([])


@pytest.mark.parametrize(
    ("correct", "n", "low", "high"),
    [(8, 10, 0.4902, 0.9433), (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0)],
)
def test_wilson_interval(correct, n, low, high):
    found = wilson_interval(correct, n)
    assert found.mean == correct / n
    assert ends(found) == pytest.approx([low, high], abs=1e-4)


@pytest.mark.parametrize("n", range(1, 101))
def test_wilsons_interval_holds_the_share_where_all_or_none_are_right(n):
    assert wilson_interval(n, n).high == 1
    assert wilson_interval(0, n).low == 0


def test_the_ends_of_wilsons_interval_are_just_rejected():
    found = wilson_interval(208, 377)
    for end in ends(found):
        assert abs(208 / 377 - end) == pytest.approx(1.96 * np.sqrt(end * (1 - end) / 377))


def test_no_share_of_nothing():
    with pytest.raises(ValueError, match="0 of 0"):
        wilson_interval(0, 0)


def naive_bootstrap(values, classes, subjects, resamples=4000):
    """Draw clips (within classes) or subjects one list at a time."""
    rng = np.random.default_rng(1)
    values, classes, subjects = map(np.asarray, (values, classes, subjects))
    means = []
    for _ in range(resamples):
        if subjects.size:
            names = np.unique(subjects)
            drawn = np.concatenate([np.flatnonzero(subjects == p) for p in rng.choice(names, len(names))])
        else:
            drawn = np.concatenate(
                [rng.choice(np.flatnonzero(classes == c), (classes == c).sum()) for c in np.unique(classes)]
            )
        means.append(np.mean([values[drawn][classes[drawn] == c].mean() for c in np.unique(classes[drawn])]))
    return np.percentile(means, [2.5, 97.5])


def example(n=40, seed=0):
    rng = np.random.default_rng(seed)
    classes = np.array([0] * 20 + [1] * 12 + [2] * 8)[:n]
    subjects = rng.integers(0, 9, n)
    values = (rng.random(n) < 0.3 + 0.4 * (subjects % 2)).astype(float)
    return values, classes, subjects


def test_bootstrap_draws_clips_within_their_class():
    values, classes, _ = example()
    found = bootstrap_interval(values, classes=classes)
    assert found.mean == pytest.approx(np.mean([values[classes == c].mean() for c in range(3)]))
    assert ends(found) == pytest.approx(naive_bootstrap(values, classes, []), abs=0.02)
    assert (found.n, found.over) == (40, "clips")


def test_no_draw_within_classes_lacks_a_class():
    found = bootstrap_interval([1, 1, 1, 0], classes=["happy"] * 3 + ["sad"])
    assert (found.mean, found.low, found.high) == (0.5, 0.5, 0.5)


def test_bootstrap_draws_whole_subjects():
    values, classes, subjects = example()
    found = bootstrap_interval(values, classes=classes, subjects=subjects.tolist())
    assert ends(found) == pytest.approx(naive_bootstrap(values, classes, subjects), abs=0.02)
    assert (found.n, found.over) == (9, "subjects")


def test_clips_of_one_subject_say_less_than_as_many_subjects():
    right = [1.0, 0.0, 1.0, 1.0, 0.0, 1.0]
    alone = bootstrap_interval(right)
    copied = np.repeat(right, 50)
    subjects = np.repeat(list("abcdef"), 50).tolist()
    by_clip, by_subject = bootstrap_interval(copied), bootstrap_interval(copied, subjects=subjects)
    assert by_subject.high - by_subject.low == pytest.approx(alone.high - alone.low, abs=0.1)
    assert by_clip.high - by_clip.low < 0.25 * (by_subject.high - by_subject.low)


def test_one_subject_has_no_interval():
    found = bootstrap_interval([1, 0, 1], subjects=["ann"] * 3)
    assert (found.mean, found.low, found.n, found.over) == (pytest.approx(2 / 3), None, 1, "subjects")


def test_bootstrap_follows_its_seed_and_does_not_mind_its_pieces(monkeypatch):
    values, classes, _ = example()
    found = bootstrap_interval(values, classes=classes)
    assert bootstrap_interval(values, classes=classes) == found
    assert bootstrap_interval(values, classes=classes, seed=1) != found
    monkeypatch.setattr("vidfer.evaluate.bootstrap.AT_ONCE", 900)
    assert ends(bootstrap_interval(values, classes=classes)) == pytest.approx(ends(found), abs=0.03)


def test_the_bootstrap_covers_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(0)
    covered = 0
    for trial in range(200):
        found = bootstrap_interval(rng.random(80) < 0.6, resamples=500, seed=trial)
        covered += found.low <= 0.6 <= found.high
    assert 0.89 <= covered / 200 <= 0.99


def test_students_t_as_tables_have_it():
    table = {1: 12.706, 2: 4.303, 3: 3.182, 6: 2.447, 10: 2.228, 30: 2.042, 10_000: 1.960}
    for freedom, value in table.items():
        assert t_quantile(freedom) == pytest.approx(value, rel=0.01 if freedom < 6 else 0.001)
