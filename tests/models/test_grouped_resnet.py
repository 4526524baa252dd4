import pytest
import torch
from torchvision.models import resnet18

from vidfer.models.grouped_resnet import GroupedResNet18


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
