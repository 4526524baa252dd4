import numpy as np
import pytest
import torch

from vidfer.models.attention import FrameAttention, RegionAttention, SpatialAttention


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


@pytest.mark.parametrize("kind", ["softmax", "sigmoid"])
def test_frames_start_equal_and_masked_frames_weigh_nothing(kind):
    mask = torch.tensor([[True, True, True, True], [True, False, True, False], [False] * 4])
    weights = FrameAttention(32, kind)(torch.randn(3, 4, 32), mask)
    expected = torch.tensor([[0.25] * 4, [0.5, 0, 0.5, 0], [0.25] * 4])
    torch.testing.assert_close(weights, expected)


@pytest.mark.parametrize("kind", ["softmax", "sigmoid"])
def test_frame_weights_depend_on_frames_that_count_only(kind):
    torch.manual_seed(0)
    attention = FrameAttention(32, kind)
    torch.nn.init.normal_(attention.score[-1].weight)
    mask = torch.tensor([[True, True, False, True]])
    vectors = torch.randn(1, 4, 32)
    weights = attention(vectors, mask)
    assert weights[0, 2] == 0 and weights.std() > 0.05
    torch.testing.assert_close(weights.sum(), torch.tensor(1.0))
    other = vectors.clone()
    other[0, 2] = 1e4
    assert torch.equal(attention(other, mask), weights)


def test_sigmoid_stays_finite_where_every_weight_underflows():
    attention = FrameAttention(8, "sigmoid")
    torch.nn.init.constant_(attention.score[-1].bias, -1e4)
    assert attention(torch.randn(1, 3, 8), torch.ones(1, 3, dtype=torch.bool)).isfinite().all()


def test_sigmoid_is_fans_self_attention(shared):
    golden = {k: torch.from_numpy(v) for k, v in np.load(shared / "golden" / "fan_head.npz").items()}
    attention = FrameAttention(512, "sigmoid")
    attention.score[-1].load_state_dict({"weight": golden["alpha_weight"], "bias": golden["alpha_bias"]})
    weights = attention(golden["features"], torch.ones(5, 3, dtype=torch.bool))
    alpha = golden["alpha"] / golden["alpha"].sum(1, keepdim=True)
    torch.testing.assert_close(weights, alpha, atol=1e-6, rtol=0)
    vector = (weights[..., None] * golden["features"]).sum(1)
    torch.testing.assert_close(vector, golden["self_attention_vector"], atol=1e-5, rtol=0)
