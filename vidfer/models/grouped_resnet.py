"""ResNet-18 on three regions at once, each in its own group of channels."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call
from torchvision.ops import stochastic_depth

BLOCKS = 8
"""Two in each of the four stages."""


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

    def forward(self, maps: Tensor, fate: Tensor | None = None) -> Tensor:
        """``fate``: (N,) what the convolutions are multiplied by beside the shortcut."""
        out = F.relu(self.bn1(self.conv1(maps)), inplace=True)
        out = self.bn2(self.conv2(out))
        if fate is not None:
            out = out * fate.to(out.dtype).view(-1, 1, 1, 1)
        shortcut = maps if self.downsample is None else self.downsample(maps)
        return F.relu(out + shortcut, inplace=True)


class GroupedResNet18(nn.Module):
    """ResNet-18 without its classifier, as ``groups`` networks side by side (Kumar, Rao, Yu 2020).

    Parameters are named as torchvision names them; a tensor is the concatenation, over the groups, of
    torchvision's. With width 64 and 3 groups it has 33.5 M parameters. Activations are channels-last.

    On a CPU, where grouped convolutions are slower than plain ones, the groups are computed one after the
    other with their shares of the same tensors; elsewhere all at once by grouped kernels. The numbers are
    equal up to rounding.
    """

    def __init__(self, groups: int = 3, width: int = 64, stochastic_depth: float = 1.0) -> None:
        """``width``: channels per group of the first stage; the stages have 1, 2, 4, 8 times as many.
        ``stochastic_depth``: probability that the last block is not left out, see :meth:`draw_fates`."""
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
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        # In a tuple, so that it is no part of this module: it has no tensors of its own.
        self._one_group = ()
        if groups > 1:
            with torch.device("meta"):
                self._one_group = (GroupedResNet18(1, width),)

    def draw_fates(self, n: int) -> Tensor | None:
        """Stochastic depth (Huang et al. 2016, arXiv 1603.09382): which block is left out of which of ``n``
        clips in training, (n, 8). None where none is.

        Block l of L survives with p_l = 1 - (l / L) (1 - p_L) (their equation 4); what survives is divided by
        p_l, which leaves evaluation as it is.
        """
        if not self.training or self.stochastic_depth == 1:
            return None
        ones = self.bn1.weight.new_ones(n)
        lost = [(block / BLOCKS) * (1 - self.stochastic_depth) for block in range(1, BLOCKS + 1)]
        return torch.stack([stochastic_depth(ones, p, "row") for p in lost], dim=1)

    def forward(self, images: Tensor, fates: Tensor | None = None) -> list[Tensor]:
        """Images (N, 3 G, H, W), group-major, to four maps (N, G C_s, H / 2^(s+1), W / 2^(s+1)).

        ``fates``: (N, 8) of :meth:`draw_fates` for the clip that each image is of.
        """
        if images.device.type == "cpu" and self._one_group:
            return self._one_by_one(images, fates)
        images = images.contiguous(memory_format=torch.channels_last)
        maps = F.relu(self.bn1(self.conv1(images)), inplace=True)
        maps = F.max_pool2d(maps, 3, stride=2, padding=1)
        stages = []
        for stage in range(4):
            for place, block in enumerate(getattr(self, f"layer{stage + 1}")):
                maps = block(maps, None if fates is None else fates[:, 2 * stage + place])
            stages.append(maps)
        return stages

    def _one_by_one(self, images: Tensor, fates: Tensor | None) -> list[Tensor]:
        (network,) = self._one_group
        for own, shared in zip(self.modules(), network.modules(), strict=True):
            # Each as it is set: a guide of EGS-Net is in evaluation but for its batch normalisation.
            shared.training = own.training
            if isinstance(own, nn.BatchNorm2d):
                shared.track_running_stats = own.track_running_stats
        shares = {name: tensor.chunk(self.groups) for name, tensor in self.named_parameters()}
        for name, tensor in self.named_buffers():
            # Running statistics are changed in place, in their share; batches are to be counted once.
            counted_once = (tensor, *(tensor.clone() for _ in range(1, self.groups)))
            shares[name] = tensor.chunk(self.groups) if tensor.ndim else counted_once
        groups = [
            functional_call(network, {name: share[group] for name, share in shares.items()}, (part, fates))
            for group, part in enumerate(images.chunk(self.groups, dim=1))
        ]
        return [torch.cat(maps, dim=1) for maps in zip(*groups)]
