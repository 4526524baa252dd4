import numpy as np
import pytest
from made_up_examples import clouds

from vidfer.infer.support.heads import HEADS, fit_head, scores_of
from vidfer.infer.support.standardise import fit_standardised
from vidfer.infer.support.typical_faces import TypicalFaces, typical_faces


def test_nearest_mean_is_a_ratio_of_two_normal_densities():
    rng = np.random.default_rng(0)
    z, labels = rng.standard_normal((5, 3)), np.array([0, 0, 1, 1, -1])
    query = rng.standard_normal((4, 3))
    means = np.stack([z[:2].mean(0), z[2:4].mean(0)])
    density = lambda centre: -0.5 * np.square(query - centre).sum(1)  # noqa: E731
    expected = np.stack([density(mean) - density(0) for mean in means], axis=1)
    np.testing.assert_allclose(scores_of(fit_head("mean", z, labels, 2), query), expected)


def test_ridge_regression_solves_its_normal_equations():
    rng = np.random.default_rng(1)
    z, labels = rng.standard_normal((6, 3)), np.array([0, 0, 0, 1, -1, -1])
    state = fit_head("ridge", z, labels, 2)
    weights = np.array([1, 1, 1, 3, 1.5, 1.5]) / 9
    targets = np.eye(3)[labels]
    centred, centre = z - weights @ z, weights @ z
    ridge = 0.3 * weights @ np.square(centred).sum(1)
    gram = centred.T @ (weights[:, None] * centred) + ridge * np.eye(3)
    linear = np.linalg.solve(gram, centred.T @ (weights[:, None] * (targets - weights @ targets)))
    np.testing.assert_allclose(state["weights"], linear[:, :2] - linear[:, 2:], rtol=1e-6)
    bias = weights @ targets - centre @ linear
    np.testing.assert_allclose(state["bias"], bias[:2] - bias[2])


def test_a_cosine_does_not_take_noise_near_the_background_for_a_direction():
    state = fit_head("cosine", np.array([[3.0, 0], [0, 2.0]]), np.array([0, 1]), 2)
    far, near = scores_of(state, np.array([[100.0, 0], [0.1, 0]]))
    assert far[0] == pytest.approx(1, abs=1e-3) and near[0] < 0.1 and far[1] == near[1] == 0


@pytest.mark.parametrize("head", HEADS)
def test_heads_tell_classes_and_background_apart(head):
    examples = clouds((3, 3), 3)
    z = examples.means["made_up:vector"] / np.sqrt(12)
    state = fit_head(head, z, examples.labels, 2)
    more = clouds((20, 20), 20, seed=1)
    scores = scores_of(state, more.means["made_up:vector"] / np.sqrt(12))
    known = more.labels >= 0
    assert (scores.argmax(1) == more.labels)[known].mean() > 0.9
    assert np.median(scores.max(1)[known]) > scores.max(1)[~known].max()


def test_background_is_the_origin_and_a_typical_face_counts_as_one_more():
    examples = clouds((2,), 3, pieces=3)
    used = np.ones(5, bool)
    background = examples.means["made_up:vector"][2:]
    alone = fit_standardised(examples, ("made_up:vector",), used, {})
    np.testing.assert_allclose(alone.origin, background.mean(0))
    face = TypicalFaces(np.full(12, 8.0), np.full(12, 2.0), np.zeros((1, 12)))
    both = fit_standardised(examples, ("made_up:vector",), used, {"made_up:vector": face})
    np.testing.assert_allclose(both.origin, (background.sum(0) + 8) / 4)
    np.testing.assert_allclose(both.scale, 2 * np.sqrt(12))
    used[2:] = False
    none = fit_standardised(examples, ("made_up:vector",), used, {})
    np.testing.assert_allclose(none.origin, examples.means["made_up:vector"][:2].mean(0))


def test_drawn_faces_are_distributed_as_the_real_ones():
    directions = np.array([[3.0, 4.0, 0.0]])
    drawn = TypicalFaces(np.array([1.0, 2, 3]), np.array([3.5, 4.5, 2.0]), directions).draw(20000)
    np.testing.assert_allclose(drawn.mean(0), [1, 2, 3], atol=0.1)
    np.testing.assert_allclose(drawn.std(0), [3.5, 4.5, 2], rtol=0.05)
    assert np.corrcoef(drawn.T)[0, 1] == pytest.approx(12 / (3.5 * 4.5), abs=0.05)


def test_typical_faces_belong_to_one_network():
    from vidfer.models.checkpoint import checkpoint_hash

    known = typical_faces("basic7", checkpoint_hash("basic7"))
    assert known["vector"].mean.shape == (352,) and known["answers"].mean.shape == (7,)
    assert not typical_faces("basic7", "0" * 64) and not typical_faces("nothing", "0" * 64)
