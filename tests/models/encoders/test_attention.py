import math

import numpy as np
import pytest
import torch

from vidfer.models.encoders.attention import FrameAttention, RegionAttention, SpatialAttention


def test_spatial_attention_is_the_formula_for_each_region():
    torch.manual_seed(0)
    attention = SpatialAttention(channels=16, regions=3)
    maps = torch.randn(2, 48, 5, 4)
    vectors, weights = attention(maps)
    for region in range(3):
        w1 = attention.hidden.weight[4 * region : 4 * region + 4, :, 0, 0]
        w2 = attention.score.weight[region, :, 0, 0]
        for n in range(2):
            positions = maps[n, 16 * region : 16 * region + 16].flatten(1).T  # L: (n, C)
            a = torch.softmax(w2 @ torch.tanh(w1 @ positions.T), dim=0)
            torch.testing.assert_close(weights[n, region], a)
            torch.testing.assert_close(vectors[n, region], a @ positions)
    torch.testing.assert_close(weights.sum(-1), torch.ones(2, 3))


def test_region_attention_is_a_weighted_average():
    torch.manual_seed(0)
    attention = RegionAttention(24)
    regions = torch.randn(5, 3, 24)
    vectors, weights = attention(regions)
    scores = (
        torch.tanh(regions @ attention.hidden.weight.T + attention.hidden.bias) @ attention.score.weight[0]
    )
    torch.testing.assert_close(weights, scores.softmax(1))
    torch.testing.assert_close(vectors, torch.einsum("nr,nrc->nc", weights, regions))


KINDS = ["softmax", "sigmoid", "relation", "mean"]


def awake(attention: FrameAttention) -> FrameAttention:
    """Weights that are not equal."""
    for parameter in attention.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return attention


@pytest.mark.parametrize("kind", KINDS)
def test_frames_start_equal_and_masked_frames_weigh_nothing(kind):
    mask = torch.tensor([[True, True, True, True], [True, False, True, False], [False] * 4])
    vectors = torch.randn(3, 4, 32)
    average, weights = FrameAttention(32, kind)(vectors, mask)
    expected = torch.tensor([[0.25] * 4, [0.5, 0, 0.5, 0], [0.25] * 4])
    torch.testing.assert_close(weights["frames"], expected)
    torch.testing.assert_close(average[:, :32], torch.einsum("bt,btc->bc", expected, vectors))


@pytest.mark.parametrize("kind", KINDS)
def test_masked_frames_are_as_good_as_absent(kind):
    attention = awake(FrameAttention(32, kind))
    mask = torch.tensor([[True, True, False, True]])
    vectors = torch.randn(1, 4, 32)
    average, weights = attention(vectors, mask)
    without, weights_without = attention(vectors[mask][None], torch.ones(1, 3, dtype=torch.bool))
    torch.testing.assert_close(average, without)
    for name, weight in weights.items():
        assert weight[0, 2] == 0
        torch.testing.assert_close(weight[mask], weights_without[name][0])
    torch.testing.assert_close(weights["frames"].sum(), torch.tensor(1.0))
    assert (weights["frames"][mask].std() > 0.01) == (kind != "mean")
    other = vectors.clone()
    other[0, 2] = 1e4
    assert torch.equal(attention(other, mask)[0], average)


@pytest.mark.parametrize("kind", KINDS)
def test_a_clip_without_a_face_leaves_gradients_finite(kind):
    attention = awake(FrameAttention(8, kind))
    vectors = torch.randn(2, 3, 8, requires_grad=True)
    attention(vectors, torch.tensor([[False] * 3, [True] * 3]))[0].square().sum().backward()
    assert all(tensor.grad.isfinite().all() for tensor in (vectors, *attention.parameters()))


def test_mean_has_no_parameters():
    assert not FrameAttention(8, "mean").state_dict()


def test_relation_is_fans_formula():
    attention = FrameAttention(2, "relation")
    with torch.no_grad():
        attention.score[-1].weight[:] = torch.tensor([[1.0, 0.0]])
        attention.score[-1].bias[:] = 0.5
        attention.relation.weight[:] = torch.tensor([[0.0, 1.0, 0.0, -2.0]])
        attention.relation.bias[:] = 0.25
    f = torch.tensor([[1.0, 2.0], [-3.0, 0.5]])
    average, weights = attention(f[None], torch.ones(1, 2, dtype=torch.bool))
    alpha = [1 / (1 + math.exp(-1.5)), 1 / (1 + math.exp(2.5))]
    f_v = (alpha[0] * f[0] + alpha[1] * f[1]) / sum(alpha)
    beta = [1 / (1 + math.exp(-(float(f_i[1]) - 2 * float(f_v[1]) + 0.25))) for f_i in f]
    both = [a * b for a, b in zip(alpha, beta)]
    expected = sum(w * torch.cat([f_i, f_v]) for w, f_i in zip(both, f)) / sum(both)
    torch.testing.assert_close(average[0], expected)
    torch.testing.assert_close(weights["alpha"][0], torch.tensor(alpha))
    torch.testing.assert_close(weights["beta"][0], torch.tensor(beta))
    torch.testing.assert_close(weights["frames"][0], torch.tensor(both) / sum(both))


@pytest.mark.parametrize("kind", ["sigmoid", "relation"])
def test_attention_dropout_acts_on_the_weights_in_training_only(kind):
    attention = awake(FrameAttention(32, kind, dropout=0.5))
    vectors, mask = torch.randn(2, 4, 32), torch.ones(2, 4, dtype=torch.bool)
    one, two = (attention(vectors, mask)[1]["frames"] for _ in range(2))
    assert not torch.equal(one, two)
    attention.eval()
    plain = FrameAttention(32, kind)
    plain.load_state_dict(attention.state_dict())
    assert torch.equal(attention(vectors, mask)[0], plain(vectors, mask)[0])


@pytest.mark.parametrize("kind", ["sigmoid", "relation"])
def test_fan_stays_finite_where_every_weight_underflows(kind):
    attention = FrameAttention(8, kind)
    torch.nn.init.constant_(attention.score[-1].bias, -1e4)
    assert attention(torch.randn(1, 3, 8), torch.ones(1, 3, dtype=torch.bool))[0].isfinite().all()


@pytest.mark.parametrize("kind", ["sigmoid", "relation"])
def test_equal_to_the_published_fan(shared, kind):
    golden = {k: torch.from_numpy(v) for k, v in np.load(shared / "golden" / "fan_head.npz").items()}
    attention = FrameAttention(512, kind)
    attention.score[-1].load_state_dict({"weight": golden["alpha_weight"], "bias": golden["alpha_bias"]})
    if kind == "relation":
        attention.relation.load_state_dict({"weight": golden["beta_weight"], "bias": golden["beta_bias"]})
    average, weights = attention(golden["features"], torch.ones(5, 3, dtype=torch.bool))
    vector = "self_attention_vector" if kind == "sigmoid" else "relation_attention_vector"
    torch.testing.assert_close(average, golden[vector], atol=1e-6, rtol=0)
    for name in weights.keys() - {"frames"}:
        torch.testing.assert_close(weights[name], golden[name], atol=1e-6, rtol=0)
