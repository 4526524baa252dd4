import copy

import pytest
import torch
from torchvision.models import resnet18

from vidfer.models.encoders.grouped_resnet import GroupedResNet18


def with_running_statistics(network):
    """Batch normalisation far from its initial state, so that a mix-up of groups shows."""
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.running_mean, -0.2, 0.2)
            torch.nn.init.uniform_(module.running_var, 0.5, 2.0)
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.uniform_(module.bias, -0.2, 0.2)
    return network.eval()


def torchvision_stages(network, images):
    maps = network.maxpool(network.relu(network.bn1(network.conv1(images))))
    stages = []
    for layer in (network.layer1, network.layer2, network.layer3, network.layer4):
        maps = layer(maps)
        stages.append(maps)
    return stages


def test_full_width_parameters():
    with torch.device("meta"):
        ours, one = GroupedResNet18(groups=3, width=64), resnet18()
        del one.fc
    n_parameters = sum(p.numel() for p in ours.parameters())
    assert n_parameters == 33_529_536
    assert n_parameters == 3 * sum(p.numel() for p in one.parameters())


def test_each_group_is_a_torchvision_resnet18():
    torch.manual_seed(0)
    separate = [with_running_statistics(resnet18()) for _ in range(3)]
    grouped = GroupedResNet18(groups=3, width=64).eval()
    states = [network.state_dict() for network in separate]
    grouped.load_state_dict(
        {
            name: torch.cat([state[name] for state in states]) if tensor.ndim else tensor
            for name, tensor in grouped.state_dict().items()
        }
    )
    images = torch.randn(2, 9, 96, 80)
    with torch.no_grad():
        ours = grouped(images)
        theirs = [
            torchvision_stages(network, images[:, 3 * g : 3 * g + 3]) for g, network in enumerate(separate)
        ]
    for stage, maps in enumerate(ours):
        channels = grouped.stage_channels[stage]
        for g in range(3):
            group = maps[:, g * channels : (g + 1) * channels]
            torch.testing.assert_close(group, theirs[g][stage], atol=2e-5, rtol=1e-4)


@pytest.mark.parametrize(
    ("input_px", "sides"), [(32, (8, 4, 2, 1)), (64, (16, 8, 4, 2)), (112, (28, 14, 7, 4))]
)
def test_stage_shapes(input_px, sides):
    stages = GroupedResNet18(groups=3, width=8)(torch.zeros(2, 9, input_px, input_px))
    assert [tuple(maps.shape) for maps in stages] == [(2, 24 * 2**s, n, n) for s, n in enumerate(sides)]


def test_the_kernels_of_each_group_are_drawn_as_those_of_a_network_of_its_own():
    torch.manual_seed(0)
    one, three = GroupedResNet18(groups=1, width=32), GroupedResNet18(groups=3, width=32)
    for (name, alone), grouped in zip(one.named_parameters(), three.parameters(), strict=True):
        if alone.ndim == 4:
            fan = alone.shape[0] * alone.shape[2] * alone.shape[3]
            for kernels in (alone, *grouped.chunk(3)):
                assert kernels.var().item() * fan == pytest.approx(2, rel=0.1), name


def test_each_convolution_of_a_group_keeps_the_size_of_what_goes_in():
    """With as many channels out as in; half of what goes out is lost in the ReLU (He et al. 2015)."""
    torch.manual_seed(0)
    network = GroupedResNet18(groups=3, width=32)
    maps = torch.relu(torch.randn(4, 96, 16, 16))
    for block in network.layer1:
        for conv in (block.conv1, block.conv2):
            out = conv(maps)[..., 1:-1, 1:-1]
            assert (out.square().mean() / (2 * maps.square().mean())).item() == pytest.approx(1, abs=0.15)
            maps = torch.relu(conv(maps))


def test_stochastic_depth_survives_as_often_as_the_linear_rule_says():
    network = GroupedResNet18(groups=1, width=2, stochastic_depth=0.2).train()
    mask = network.draw_drop_path(4000)
    survival = torch.tensor([1 - block / 8 * 0.8 for block in range(1, 9)])  # Huang et al., equation 4
    assert torch.allclose((mask > 0).float().mean(0), survival, atol=0.03)
    assert torch.allclose(mask.max(0).values, 1 / survival) and ((mask == 0) | (mask > 1)).all()
    assert network.eval().draw_drop_path(4) is None
    assert GroupedResNet18(groups=1, width=2).train().draw_drop_path(4) is None


def test_a_block_that_is_left_out_is_its_shortcut():
    torch.manual_seed(0)
    network = with_running_statistics(GroupedResNet18(groups=3, width=4))
    images = torch.rand(2, 9, 64, 64)
    drop_path = torch.ones(2, 8)
    whole = network(images, drop_path)
    assert all(torch.equal(one, other) for one, other in zip(whole, network(images)))
    drop_path[0, 1] = 0.0  # the second block of the first stage
    some = network(images, drop_path)
    first = network.layer1[0](stem(network, images))
    assert torch.allclose(some[0][0], first[0], atol=1e-6)
    assert all(torch.equal(one[1], other[1]) for one, other in zip(whole, some))


def stem(network, images):
    maps = torch.relu(network.bn1(network.conv1(images)))
    return torch.nn.functional.max_pool2d(maps, 3, stride=2, padding=1)


def frozen_but_for_the_statistics_of_its_batch(network):
    """As the guide of EGS-Net."""
    network.eval()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.train()
            module.track_running_stats = False


@pytest.mark.parametrize(
    ("set_mode", "batches"),
    [(torch.nn.Module.train, 1), (torch.nn.Module.eval, 0), (frozen_but_for_the_statistics_of_its_batch, 0)],
)
def test_one_group_after_the_other_gives_what_grouped_kernels_give(set_mode, batches):
    torch.manual_seed(0)
    one_by_one = with_running_statistics(GroupedResNet18(groups=3, width=4))
    set_mode(one_by_one)
    at_once = copy.deepcopy(one_by_one)
    (by_grouped_kernels,) = at_once.split(1)  # as on an accelerator
    images = torch.randn(4, 9, 64, 64)
    found = []
    for network, stages in (
        (one_by_one, one_by_one(images)),
        (at_once, by_grouped_kernels(images, None)),
    ):
        sum(maps.square().mean() for maps in stages).backward()
        gradients = {f"grad {name}": p.grad for name, p in network.named_parameters()}
        found.append(dict(enumerate(stages)) | gradients | dict(network.named_buffers()))
    torch.testing.assert_close(*found, rtol=1e-3, atol=1e-5)
    assert one_by_one.bn1.num_batches_tracked == batches
    assert one_by_one.state_dict().keys() == at_once.state_dict().keys()
