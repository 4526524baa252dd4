"""The network of the 468 points, layer by layer."""

import pytest
import torch

from vidfer.models.encoders.face_mesh_network import FaceMesh, MeshBlock, mirror_partners, pad_below_and_right


def test_size_and_shapes():
    torch.manual_seed(0)
    network = FaceMesh()
    assert sum(p.numel() for p in network.parameters()) == 580_908
    points, maps = network(torch.rand(2, 3, 192, 192))
    assert points.shape == (2, 468, 3) and maps.shape == (2, 64, 24, 24)


@pytest.mark.parametrize(("channels_in", "channels_out", "stride"), [(3, 3, 1), (3, 5, 2), (4, 4, 2)])
def test_a_block_is_its_formula(channels_in, channels_out, stride):
    torch.manual_seed(0)
    block = MeshBlock(channels_in, channels_out, stride).double()
    maps = torch.randn(2, channels_in, 6, 6, dtype=torch.double, requires_grad=True)
    before, after = (1, 1) if stride == 1 else (0, 1)
    padded = torch.nn.functional.pad(maps, (before, after, before, after))
    windows = padded.unfold(2, 3, stride).unfold(3, 3, stride)
    depthwise = torch.einsum("nchwij,cij->nchw", windows, block.depthwise.weight[:, 0])
    depthwise = depthwise + block.depthwise.bias[:, None, None]
    expected = torch.einsum("nchw,oc->nohw", depthwise, block.pointwise.weight[..., 0, 0])
    expected = expected + block.pointwise.bias[:, None, None]
    shortcut = maps.unfold(2, stride, stride).unfold(3, stride, stride).amax((-2, -1))
    expected = expected + torch.cat(
        [shortcut, shortcut.new_zeros(2, channels_out - channels_in, *shortcut.shape[2:])], 1
    )
    expected = torch.where(expected > 0, expected, 0.25 * expected)
    torch.testing.assert_close(block(maps), expected)
    assert torch.autograd.gradcheck(block, maps)


def test_zeros_come_after_the_last_row_and_column():
    expected = torch.tensor([[1.0, 2, 0], [3, 4, 0], [0, 0, 0]])
    assert torch.equal(pad_below_and_right(torch.tensor([[1.0, 2], [3, 4]])[None, None])[0, 0], expected)


def test_points_are_float32_under_autocast():
    network, image = FaceMesh().eval(), torch.rand(1, 3, 192, 192)
    torch.nn.init.constant_(network.points.bias, 131.3)  # bfloat16 has 131 and 132
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        points, _ = network(image)
    assert points.dtype == torch.float32 and not torch.equal(points, points.bfloat16().float())


def test_partners():
    partner = mirror_partners()
    assert torch.equal(partner[partner], torch.arange(468))
    assert (partner == torch.arange(468)).sum() == 28
    # Outer corners of the eyes, corners of the mouth, upper lids, brows; nose, forehead, chin.
    known = {33: 263, 61: 291, 159: 386, 105: 334, 1: 1, 10: 10, 152: 152}
    assert {i: int(partner[i]) for i in known} == known
