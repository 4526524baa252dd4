"""The jackknife against leaving out each clip by hand, and how often its intervals hold the truth."""

import itertools
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from vidfer.data.episodes import EpisodeSampler
from vidfer.evaluate.episodes import Episodes, draw_episodes
from vidfer.evaluate.jackknife import jackknife_interval
from vidfer.evaluate.jackknife_influence import jackknife_influence

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

from interval_coverage import Population, coverage


def all_episodes(sizes, ways, shots, queries, without=None):
    """Every episode over classes of these sizes, but for those with one clip: support, query and classes."""
    starts = np.cumsum([0, *sizes])
    pools = [[i for i in range(a, b) if i != without] for a, b in itertools.pairwise(starts)]
    found = []
    for classes in itertools.combinations(range(len(sizes)), ways):
        choices = []
        for number in classes:
            support = itertools.combinations(pools[number], shots)
            choices.append(
                [(s, q) for s in support for q in itertools.combinations({*pools[number]} - {*s}, queries)]
            )
        for choice in itertools.product(*choices):
            support, query = (tuple(itertools.chain(*part)) for part in zip(*choice))
            found.append((support, query, classes))
    return found


def judge(episodes, transductive):
    """Right or wrong by a coin for all that a head sees: support and query, or support and all queries."""
    coins: dict[tuple, bool] = {}
    rng = np.random.default_rng(0)
    habit = rng.random(40)  # some clips are good support clips, queries and fellow queries, others are not

    def flip(support, query, company):
        key = (support, query, company if transductive else None)
        if key not in coins:
            mean = np.mean([habit[query], *habit[list(support)], *(habit[list(key[2])] if key[2] else [])])
            coins[key] = bool(rng.random() < mean)
        return coins[key]

    return [[flip(support, q, query) for q in query] for support, query, _ in episodes]


def accuracies(episodes, right, clips):
    hits, n_queries = np.zeros((2, clips))
    often = Counter(classes for _, _, classes in episodes)  # classes are drawn first, each choice alike
    for (_, query, classes), row in zip(episodes, right):
        for clip, good in zip(query, row):
            hits[clip] += good / often[classes]
            n_queries[clip] += 1 / often[classes]
    return np.divide(hits, n_queries, out=np.full(clips, np.nan), where=n_queries > 0)


def mean_of_classes(accuracy, labels):
    return np.mean([np.nanmean(accuracy[labels == c]) for c in np.unique(labels)])


@pytest.mark.parametrize(
    ("sizes", "ways", "shots", "queries", "transductive"),
    [
        ((5, 4), 2, 2, 1, False),
        ((4, 3, 4), 3, 1, 1, False),
        ((4, 4, 4), 2, 1, 1, False),
        ((5, 5), 2, 1, 2, False),
        ((5, 4), 2, 1, 1, True),
        ((5, 5), 2, 1, 2, True),
        ((4, 4, 4), 2, 1, 1, True),
    ],
)
def test_the_influence_is_what_leaving_the_clip_out_changes(sizes, ways, shots, queries, transductive):
    labels = np.repeat(np.arange(len(sizes)), sizes)
    clips, faces = len(labels), np.ones(len(labels), dtype=bool)
    found = all_episodes(sizes, ways, shots, queries)
    right = judge(found, transductive)
    accuracy = accuracies(found, right, clips)
    mean = mean_of_classes(accuracy, labels)

    twice = [np.repeat(np.array(part), 2, axis=0) for part in (*zip(*found), right)]  # even and odd alike
    episodes = Episodes(twice[0], twice[1], twice[2])
    influence = jackknife_influence(episodes, twice[3], labels, faces, transductive=transductive)
    assert influence[:, 0] == pytest.approx(influence[:, 1])
    assert np.abs(influence).max() > 0.1

    outcome = {one: row for one, row in zip(found, right)}
    for clip, number in enumerate(labels):
        kept = all_episodes(sizes, ways, shots, queries, without=clip)
        without = mean_of_classes(accuracies(kept, [outcome[one] for one in kept], clips), labels)
        of_class = np.mean(accuracy[labels == number])
        lower = accuracy[clip] - of_class + influence[clip, 0]
        assert lower / len(sizes) / (sizes[number] - 1) == pytest.approx(mean - without)


def test_a_clip_without_a_face_has_no_influence_as_support():
    rng = np.random.default_rng(0)
    labels, faces = np.repeat([0, 1], 6), np.ones(12, dtype=bool)
    faces[3] = False
    support = np.stack([[rng.choice([0, 1, 2, 4, 5]), 6 + rng.integers(6)] for _ in range(50)])
    query = np.stack([[rng.integers(6), 6 + rng.integers(6)] for _ in range(50)])
    episodes = Episodes(support, query, np.tile([0, 1], (50, 1)))
    found = jackknife_influence(episodes, rng.random((50, 2)) < 0.5, labels, faces)
    assert found[3].tolist() == [0, 0] and (np.abs(np.delete(found, 3, axis=0)).sum(1) > 0).all()


def test_the_interval_by_hand():
    # Around their class means 0.5 and 1: left out, a clip of the first moves the mean by 0.5 / 1 / 2.
    found = jackknife_interval([1.0, 0.0, 1.0, 1.0], np.zeros((4, 2)), classes=list("aabb"), bounds=(-9, 9))
    assert found.mean == 0.75
    assert found.high - found.mean == pytest.approx(4.3027 * np.sqrt(0.25**2 / 2 * 2))
    assert (found.n, found.over, found.method) == (4, "clips", "jackknife over clips, within classes, t")
    # In the support they do the same once more, in even episodes only: 0.25·0.5 instead of 0.25².
    example = np.array([[0.5, 0.0], [-0.5, 0.0], [0.0, 0.0], [0.0, 0.0]])
    wider = jackknife_interval([1.0, 0.0, 1.0, 1.0], example, classes=list("aabb"), bounds=(-9, 9))
    assert wider.high - wider.mean == pytest.approx(4.3027 * np.sqrt(0.25 * 0.5))
    # Never narrower than from the queries alone, nor beyond what a share can be.
    assert (
        jackknife_interval([1.0, 0.0, 1.0, 1.0], -2 * example, classes=list("aabb"), bounds=(-9, 9)) == found
    )
    assert jackknife_interval([1.0, 0.0, 1.0, 1.0], example, classes=list("aabb")).high == 1.0


def test_one_class_with_a_fixed_support_has_students_interval():
    values = np.array([0.2, 0.9, 0.4, 0.7, 0.3, np.nan])
    found = jackknife_interval(values, None, classes=[0] * 6)
    known = values[:5]
    # A clip that was never a query counts as a clip, not as an observation.
    assert found.mean == pytest.approx(known.mean()) and found.method.endswith("t; support clips fixed")
    margin = 2.571 * np.sqrt(5 / 6 * ((known - known.mean()) ** 2).sum() / 4**2)
    assert found.high - found.mean == pytest.approx(margin, rel=2e-3)


def test_whole_subjects_are_left_out():
    rng = np.random.default_rng(0)
    subjects, labels = np.repeat(np.arange(12), 4), np.tile([0, 0, 1, 1], 12)
    of_subject, both = rng.random(12)[subjects], rng.normal(size=12)[subjects][:, None].repeat(2, 1)
    apart = jackknife_interval(of_subject, both, classes=labels)
    whole = jackknife_interval(of_subject, both, classes=labels, subjects=subjects.tolist())
    assert (whole.mean, whole.n, whole.over) == (apart.mean, 12, "subjects")
    # Four clips of a person say no more than one.
    once = jackknife_interval(of_subject[::4], both[::4], classes=labels[::4], bounds=(-9, 9))
    whole = jackknife_interval(of_subject, both, classes=labels, subjects=subjects.tolist(), bounds=(-9, 9))
    assert whole.high - whole.low == pytest.approx(once.high - once.low)


def test_a_class_of_one_subject_alone_has_no_interval():
    values, none = [0.5, 0.75, 0.25, 0.5], np.zeros((4, 2))
    alone = jackknife_interval(values, none, classes=list("aaab"), subjects=list("pqrp"))
    assert (alone.low, alone.high, alone.n) == (None, None, 3)
    assert jackknife_interval(values, none, classes=list("aabb"), subjects=list("pqpq")).low is not None
    with pytest.raises(ValueError):
        jackknife_interval([np.nan], None, classes=[0])


def test_the_noise_of_few_episodes_does_not_widen_the_interval():
    rng, n = np.random.default_rng(0), 100
    labels = np.repeat(np.arange(3), n)
    drawn = rng.random((300, 3, n)).argsort(-1) + n * np.arange(3)[:, None]
    support, query = drawn[..., :3].reshape(300, -1), drawn[..., 3]
    episodes = Episodes(support, query, np.tile(np.arange(3), (300, 1)))
    right = rng.random((300, 3)) < 0.5  # whatever the support
    influence = jackknife_influence(episodes, right, labels, np.ones(3 * n, dtype=bool))
    hits, n_queries = (np.bincount(query.ravel(), w, 3 * n) for w in (right.ravel(), np.ones(900)))
    accuracy = np.divide(hits, n_queries, out=np.full(3 * n, np.nan), where=n_queries > 0)
    alone, both, noise = (
        jackknife_interval(accuracy, example, classes=labels)
        for example in (None, influence, influence[:, :1].repeat(2, 1))
    )
    width = alone.high - alone.low
    assert width <= both.high - both.low < 1.25 * width < 1.5 * width < noise.high - noise.low


def test_keeping_subjects_from_the_queries_is_no_influence():
    """Each clip is right or wrong whatever the support; subjects have one to eight clips of a class."""
    of = Population(clips=60, shots=3, episodes=1, each=(1, 1, 2, 8))
    labels, subjects = np.repeat(np.arange(3), 60), np.tile(of.subject, 3)
    sampler = EpisodeSampler(labels, ways=3, shots=3, queries=2, episodes=400, seed=0, subjects=subjects)
    episodes = draw_episodes(sampler)
    right = (np.random.default_rng(0).random(180) < 0.5)[episodes.query]
    faces = np.ones(180, dtype=bool)
    assert not jackknife_influence(episodes, right, labels, faces, person_disjoint=True).any()
    assert np.abs(jackknife_influence(episodes, right, labels, faces)).mean() > 0.05


@pytest.mark.parametrize(
    "population",
    [
        Population(clips=10, shots=1, episodes=300),
        Population(clips=12, shots=3, episodes=300, each=(1,)),
        Population(clips=40, shots=3, episodes=600, each=(4,), person_disjoint=True),
    ],
    ids=["clips", "subjects", "person-disjoint"],
)
def test_the_interval_holds_the_truth_and_one_with_a_fixed_support_does_not(population):
    (fixed, jackknife, _, _), (fixed_gain, jackknife_gain, _, _) = coverage(population, 100)
    assert fixed < 0.85 and jackknife >= 0.9
    assert fixed_gain < 0.9 and jackknife_gain >= 0.9
