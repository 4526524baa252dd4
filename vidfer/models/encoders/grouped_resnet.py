"""ResNet-18 on three regions at once, each in its own group of channels."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vidfer.errors import SettingError
from vidfer.models.encoders.image_network import ImageNetwork

BLOCKS = 8
"""Two in each of the four stages."""
Maps = Callable[[Tensor], Tensor]


def conv_bn_per_group(conv: nn.Conv2d, bn: nn.BatchNorm2d, parts: int) -> list[Maps]:
    """Convolution and batch normalisation of each part of the groups, with its share of their tensors.

    Call it once for every batch: it counts the batch for the running statistics.
    """
    if parts == 1:
        return [lambda maps: bn(conv(maps))]
    if track := bn.training and bn.track_running_stats:
        bn.num_batches_tracked.add_(1)
    tensors = (conv.weight, bn.weight, bn.bias, bn.running_mean, bn.running_var)
    shares = zip(*(tensor.chunk(parts) for tensor in tensors), strict=True)

    def share_of(kernel: Tensor, weight: Tensor, bias: Tensor, *statistics: Tensor) -> Maps:
        used = statistics if track or not bn.training else (None, None)
        groups = conv.groups // parts

        def convolve(maps: Tensor) -> Tensor:
            maps = F.conv2d(maps, kernel, None, conv.stride, conv.padding, groups=groups)
            return F.batch_norm(maps, *used, weight, bias, bn.training, bn.momentum, bn.eps)

        return convolve

    return [share_of(*share) for share in shares]


class GroupedBlock(nn.Module):
    """ResNet's basic block (He et al. 2016) with every convolution grouped by region."""

    def __init__(self, channels_in: int, channels_out: int, stride: int, groups: int) -> None:
        """Channels are per region."""
        super().__init__()
        wide_in, wide_out = groups * channels_in, groups * channels_out
        self.conv1 = nn.Conv2d(wide_in, wide_out, 3, stride, padding=1, groups=groups, bias=False)
        self.bn1 = nn.BatchNorm2d(wide_out)
        self.conv2 = nn.Conv2d(wide_out, wide_out, 3, padding=1, groups=groups, bias=False)
        self.bn2 = nn.BatchNorm2d(wide_out)
        self.downsample = None
        if stride != 1 or channels_in != channels_out:
            shortcut = nn.Conv2d(wide_in, wide_out, 1, stride, groups=groups, bias=False)
            self.downsample = nn.Sequential(shortcut, nn.BatchNorm2d(wide_out))

    def forward(self, maps: Tensor, kept: Tensor | None = None) -> Tensor:
        """``kept``: (N,) what the convolutions are multiplied by beside the shortcut."""
        (block,) = self._shares(1)
        return block(maps, kept)

    def split(self, parts: int) -> list[Callable[[Tensor, Tensor | None], Tensor]]:
        """:meth:`forward` of each part of the groups; of all at once it is the module itself, with whatever
        is hooked to it."""
        return [self] if parts == 1 else self._shares(parts)

    def _shares(self, parts: int) -> list[Callable[[Tensor, Tensor | None], Tensor]]:
        shortcuts = conv_bn_per_group(*self.downsample, parts) if self.downsample else [nn.Identity()] * parts
        first, second = (
            conv_bn_per_group(self.conv1, self.bn1, parts),
            conv_bn_per_group(self.conv2, self.bn2, parts),
        )
        return [partial(add_residual, *layers) for layers in zip(first, second, shortcuts, strict=True)]


def add_residual(first: Maps, second: Maps, shortcut: Maps, maps: Tensor, kept: Tensor | None) -> Tensor:
    """A block of these layers."""
    out = second(F.relu(first(maps), inplace=True))
    if kept is not None:
        out = out * kept.to(out.dtype).view(-1, 1, 1, 1)
    return F.relu(out + shortcut(maps), inplace=True)


class GroupedResNet18(ImageNetwork):
    """ResNet-18 without its classifier, as ``groups`` networks side by side (Kumar, Rao, Yu 2020).

    Parameters are named as torchvision names them; a tensor is the concatenation, over the groups, of
    torchvision's. With width 64 and 3 groups it has 33.5 M parameters. Kernels and activations are
    channels-last.

    On a CPU, where grouped convolutions are slower than plain ones, the groups are computed one after the
    other with their shares of the same tensors; elsewhere all at once by grouped kernels. The numbers are
    equal up to rounding.
    """

    name = "ResNet-18"
    remedy = "give torchvision's ResNet-18 (resnet18-f37072fd.pth), with --encoder.width 64"

    def __init__(self, groups: int = 3, width: int = 64, stochastic_depth: float = 1.0) -> None:
        """``width``: channels per group of the first stage; the stages have 1, 2, 4, 8 times as many.
        ``stochastic_depth``: probability that the last block is not left out, see :meth:`draw_drop_path`."""
        super().__init__()
        self.stochastic_depth = stochastic_depth
        self.groups, self.width = groups, width
        self.stage_channels = (width, 2 * width, 4 * width, 8 * width)
        self.conv1 = nn.Conv2d(3 * groups, width * groups, 7, 2, padding=3, groups=groups, bias=False)
        self.bn1 = nn.BatchNorm2d(width * groups)
        channels = width
        for stage, channels_out in enumerate(self.stage_channels, start=1):
            first = GroupedBlock(channels, channels_out, 1 if stage == 1 else 2, groups)
            second = GroupedBlock(channels_out, channels_out, 1, groups)
            self.add_module(f"layer{stage}", nn.Sequential(first, second))
            channels = channels_out
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                draw_grouped_kernels(module)
        # As the activations: otherwise every gradient of a kernel is brought into another order.
        self.to(memory_format=torch.channels_last)

    def draw_drop_path(self, n: int) -> Tensor | None:
        """Stochastic depth (Huang et al. 2016, arXiv 1603.09382): a drop-path mask for ``n`` clips, (n, 8).

        Block l of L is kept with p_l = 1 - (l / L) (1 - p_L) (their equation 4). A kept block has the value
        1 / p_l, so that evaluation needs no factor; a block that is left out has 0. None if no block can be
        left out.
        """
        if not self.training or self.stochastic_depth == 1:
            return None
        from torchvision.ops import stochastic_depth  # here, because it is slow and few need it

        ones = self.bn1.weight.new_ones(n)
        lost = [(block / BLOCKS) * (1 - self.stochastic_depth) for block in range(1, BLOCKS + 1)]
        return torch.stack([stochastic_depth(ones, p, "row") for p in lost], dim=1)

    def forward(self, images: Tensor, drop_path: Tensor | None = None) -> list[Tensor]:
        """Images (N, 3 G, H, W), group-major, to four maps (N, G C_s, H / 2^(s+1), W / 2^(s+1)).

        ``drop_path``: (N, 8) of :meth:`draw_drop_path`, the row of the clip that each image is of.
        """
        parts = self.groups if images.device.type == "cpu" else 1
        networks, shares = self.split(parts), images.chunk(parts, dim=1)
        stages = [network(share, drop_path) for network, share in zip(networks, shares, strict=True)]
        return stages[0] if parts == 1 else [torch.cat(maps, dim=1) for maps in zip(*stages)]

    def published_names(self) -> set[str]:
        """Names of all tensors of the published network but its classifier's."""
        return set(self.state_dict())

    def split(self, parts: int) -> list[Callable[[Tensor, Tensor | None], list[Tensor]]]:
        """The network for each part of the groups: of its images and ``drop_path``."""
        stages = (self.layer1, self.layer2, self.layer3, self.layer4)
        blocks = [block.split(parts) for stage in stages for block in stage]
        layers = zip(conv_bn_per_group(self.conv1, self.bn1, parts), *blocks, strict=True)
        return [partial(run_stages, stem, blocks) for stem, *blocks in layers]


@torch.no_grad()
def draw_grouped_kernels(conv: nn.Conv2d) -> None:
    """Draw the kernels of a convolution anew, each group as a convolution of its own (He et al. 2015).

    Their variance is 2 / fan, equation 14 of arXiv 1502.01852; the fan is what one group gives out. The
    kernels of all groups are one tensor, and torch would take their fans together: weights √groups too small.
    """
    for kernels in conv.weight.chunk(conv.groups):
        nn.init.kaiming_normal_(kernels, mode="fan_out", nonlinearity="relu")


def run_stages(stem: Maps, blocks: list, images: Tensor, drop_path: Tensor | None) -> list[Tensor]:
    """The maps of the four stages."""
    maps = F.relu(stem(images.contiguous(memory_format=torch.channels_last)), inplace=True)
    maps = F.max_pool2d(maps, 3, stride=2, padding=1)
    stages = []
    for place, block in enumerate(blocks):
        maps = block(maps, None if drop_path is None else drop_path[:, place])
        if place % 2:  # the second of its stage
            stages.append(maps)
    return stages


def check_stochastic_depth(probability: float) -> None:
    """Raise a SettingError unless the last block can be kept with this probability."""
    if not 0 < probability <= 1:
        raise SettingError(f"--encoder.stochastic-depth {probability}: give a probability, 1 (off) or less")
