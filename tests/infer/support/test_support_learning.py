import numpy as np
import pytest
from made_up_examples import clouds

from vidfer.infer.support.calibration import Calibration, fit_calibration
from vidfer.infer.support.candidates import Candidate, candidates_of
from vidfer.infer.support.choose import choose, goodness
from vidfer.infer.support.embedded import EmbeddedExamples
from vidfer.infer.support.expectation import Share, expect
from vidfer.infer.support.learn_head import learn_head
from vidfer.infer.support.leave_out import left_out_scores, measurable, parts_of

VIEW = ("made_up:vector",)


def all_of(examples):
    return np.ones(len(examples), bool)


def test_parts_hold_whole_groups_and_some_of_every_class():
    examples = clouds((6, 6), 4, groups=[i // 2 for i in range(16)])
    parts = parts_of(examples, all_of(examples), 3)
    assert np.array_equal(sum(part.astype(int) for part in parts), np.ones(16))
    for part in parts:
        assert not {*examples.groups[part]} & {*examples.groups[~part]}
        assert {0, 1} <= {*examples.labels[part]}
    assert len(parts_of(examples, all_of(examples), 40)) == 8


def test_the_head_that_scores_an_example_does_not_know_it():
    examples = clouds((3, 3))
    used, labels = all_of(examples), examples.labels.copy()
    labels[0] = 1
    relabelled = EmbeddedExamples(examples.features, examples.owner, labels, examples.groups, 2)
    parts = [examples.groups == group for group in range(6)]
    before, after = (
        left_out_scores(Candidate("ridge", VIEW), of, used, parts, {}) for of in (examples, relabelled)
    )
    own = examples.owner == 0
    assert np.array_equal(before[own], after[own]) and not np.isclose(before[~own], after[~own]).any()


def test_a_class_without_another_example_has_no_score():
    examples = clouds((2, 1))
    used = all_of(examples)
    scores = left_out_scores(Candidate("mean", VIEW), examples, used, parts_of(examples, used, 40), {})
    assert np.isneginf(scores[examples.owner == 2][:, 1]).all()
    assert np.isfinite(scores[examples.owner < 2]).all()
    assert measurable(examples, used).tolist() == [True, True, False]


def test_another_candidate_must_be_better_by_an_example():
    good, bad = clouds((4, 4), 3), clouds((4, 4), 3, apart=0.0, seed=5)
    features = {"noise:vector": bad.features[VIEW[0]], "good:vector": good.features[VIEW[0]]}
    examples = EmbeddedExamples(features, good.owner, good.labels, good.groups, 2)
    noise, useful = Candidate("ridge", ("noise:vector",)), Candidate("ridge", ("good:vector",))
    assert choose([noise, useful], examples, all_of(examples), {}) == useful
    assert choose([useful, noise], examples, all_of(examples), {}) == useful
    mean = Candidate("mean", ("good:vector",))
    for pair in ([useful, mean], [mean, useful]):  # as good as each other
        assert choose(pair, examples, all_of(examples), {}) == pair[0]


def test_less_than_one_example_more_changes_no_choice():
    far, first = clouds((4, 4), 3, apart=6.0), Candidate("ridge", ("near:vector",))
    better = Candidate("ridge", ("far:vector",))
    chosen, gains = [], []
    for seed in (0, 2):  # how clear the features are that come first
        near = clouds((4, 4), 3, apart=1.5, seed=seed)
        features = {"near:vector": near.features[VIEW[0]], "far:vector": far.features[VIEW[0]]}
        examples = EmbeddedExamples(features, near.owner, near.labels, near.groups, 2)
        used = all_of(examples)
        parts = parts_of(examples, used, 40)
        low, high = (
            goodness(examples, left_out_scores(one, examples, used, parts, {}), used)
            for one in (first, better)
        )
        gains.append(8 * (high - low))
        chosen.append(choose([first, better], examples, used, {}))
    assert 0 < gains[0] < 1 < gains[1] and chosen == [first, better]


def test_candidates_begin_with_all_vectors_and_ridge_regression():
    found = candidates_of(["a:vector", "a:answers", "b:vector"])
    assert found[0] == Candidate("ridge", ("a:vector", "b:vector"))
    assert Candidate("cosine", ("a:answers",)) in found and len(found) == len({*found}) == 12


def test_none_of_these_is_a_class_with_a_fixed_score():
    chances = Calibration(none=1.0, temperature=2.0)(np.array([[3.0, 1.0], [0.0, -np.inf]]))
    e = np.exp(1.0)
    np.testing.assert_allclose(chances[0], [e / (e + 2), 1 / (e + 2), 1 / (e + 2)])
    np.testing.assert_allclose(chances[1], [1 / (1 + np.sqrt(e)), 0, np.sqrt(e) / (1 + np.sqrt(e))])


def test_the_threshold_lies_between_known_faces_and_others():
    rng = np.random.default_rng(0)
    known = np.stack([rng.normal(3, 0.5, 40), rng.normal(-1, 0.5, 40)], axis=1)
    others = rng.normal(0, 0.5, (60, 2))
    fitted = fit_calibration(known, np.zeros(40, int), np.ones(40), others, np.ones(60))
    assert others.max() < fitted.none < known[:, 0].max() and 0.8 < fitted.none < 2.5
    assert fitted(known).argmax(1).tolist() == [0] * 40
    few = fit_calibration(known[:1], np.zeros(1, int), np.ones(1), others[:1], np.ones(1))
    assert few(known[:1])[0, 0] < fitted(known[:1])[0, 0], "two examples make nobody as sure as a hundred"


def test_learning_recognises_what_it_learned_and_refuses_the_rest():
    examples = clouds((4, 4), 4)
    learned = learn_head(candidates_of(VIEW), examples, all_of(examples), {})
    more = clouds((50, 50, 50), 50, seed=9)  # the third class was never shown
    answers = learned.probabilities(more.features).argmax(1)
    labels = more.labels[more.owner]
    assert (answers == labels)[(labels == 0) | (labels == 1)].mean() > 0.85
    assert (answers == 2)[labels == -1].mean() > 0.9 and (answers == 2)[labels == 2].mean() > 0.6


@pytest.mark.parametrize("counts", [(1, 1), (1,), (3,)])
def test_one_example_is_enough_to_begin(counts):
    examples = clouds(counts)
    learned = learn_head(candidates_of(VIEW), examples, all_of(examples), {})
    chances = learned.probabilities(examples.features)
    assert np.isfinite(chances).all() and np.allclose(chances.sum(1), 1)
    assert (chances.argmax(1) == examples.labels[examples.owner]).mean() > 0.5


def test_expected_accuracy_is_that_of_other_examples():
    """On noise, choosing among many features must not look better than guessing."""
    rights = []
    for seed in range(12):
        noise = clouds((5, 5), 2, apart=0.0, seed=seed)
        rng = np.random.default_rng(seed)
        features = {f"n{i}:vector": rng.standard_normal((24, 6)).astype(np.float32) for i in range(4)}
        examples = EmbeddedExamples(features, noise.owner, noise.labels, noise.groups, 2)
        rights.append(expect(candidates_of([*features]), examples, {}).recognised.right)
    assert 0.3 < np.mean(rights) / 10 < 0.58


def test_what_is_expected_of_clear_examples():
    e = expect(candidates_of(VIEW), clouds((5, 5), 5), {})
    assert e.recognised == Share(10, 10) and e.chance == 0.5 and e.is_above_chance
    assert e.of_class == (Share(5, 5), Share(5, 5)) and e.counts == (5, 5) and e.n_background == 5
    assert e.found.right >= 8 and e.false_alarms.right <= 1 and e.false_alarms.n == 5
    assert str(Share(10, 10)) == "10 of 10, 100 % [72, 100]"


def test_an_example_in_the_wrong_class_is_named():
    examples = clouds((5, 5), 2)
    labels = examples.labels.copy()
    labels[0] = 1
    wrong = EmbeddedExamples(examples.features, examples.owner, labels, examples.groups, 2)
    (found,) = expect(candidates_of(VIEW), wrong, {}).contradictions
    assert (found.example, found.label, found.looks_like) == (0, 1, 0) and found.probability > 0.3


def test_the_pieces_of_a_person_are_left_out_together():
    """Each person's own look is strong and the class is nothing: only leaving out the person shows it."""
    rng = np.random.default_rng(0)
    person = np.repeat(np.arange(12), 3)
    labels = person % 2
    values = (6 * rng.standard_normal((12, 12)))[person] + 0.1 * rng.standard_normal((36, 12))
    owner = np.arange(36)

    def share(groups):
        e = expect(
            [Candidate("ridge", VIEW)], EmbeddedExamples({VIEW[0]: values}, owner, labels, groups, 2), {}
        )
        return e.recognised.right / e.recognised.n

    assert share(owner) == 1.0 and share(person) < 0.75
