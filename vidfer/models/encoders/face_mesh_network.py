"""MediaPipe Face Mesh (Kartynnik et al. 2019, arXiv 1907.06724): 468 points of a face in three dimensions."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

INPUT_PX = 192
POINTS = 468

STAGE_CHANNELS = (16, 32, 64, 128, 128, 128)
"""Channels of the maps of 96, 48, 24, 12, 6 and 3 pixels."""

MIDDLE = (
    *(0, 1, 2, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19),
    *(94, 151, 152, 164, 168, 175, 195, 197, 199, 200),
)
"""Points in the middle of the face. The other points below 248 are on one side of the face. Their partners on
the other side are the points from 248 on, in the same order."""

MAP_STAGE = 2
"""The stage whose map the network gives beside the points: 64 channels of 24x24."""


class MeshBlock(nn.Module):
    """A residual block: depthwise 3x3, pointwise 1x1, plus the input, then PReLU; no normalisation."""

    def __init__(self, channels_in: int, channels_out: int, stride: int = 1) -> None:
        """With a ``stride`` of 2 the side is halved, and the shortcut is a 2x2 max-pooling."""
        super().__init__()
        self.channels_in, self.stride = channels_in, stride
        self.depthwise = nn.Conv2d(
            channels_in, channels_in, 3, stride, padding=stride % 2, groups=channels_in
        )
        self.pointwise = nn.Conv2d(channels_in, channels_out, 1)
        self.activation = nn.PReLU(channels_out)

    def forward(self, maps: Tensor) -> Tensor:
        """(N, C_in, H, W) to (N, C_out, H / stride, W / stride)."""
        branch = self.pointwise(self.depthwise(maps if self.stride == 1 else pad_below_and_right(maps)))
        shortcut = maps if self.stride == 1 else F.max_pool2d(maps, 2)
        # New channels have no shortcut. The sum in place saves a padded copy of it.
        branch[:, : self.channels_in] += shortcut
        return self.activation(branch)


class FaceMesh(nn.Module):
    """The published network that finds the points, without its branch that tells whether there is a face.

    580,908 parameters.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, STAGE_CHANNELS[0], 3, 2)
        self.stem_activation = nn.PReLU(STAGE_CHANNELS[0])
        stages, before = [], STAGE_CHANNELS[0]
        for number, channels in enumerate(STAGE_CHANNELS):
            halved = [MeshBlock(before, channels, 2)] if number else []
            further = 1 if number == len(STAGE_CHANNELS) - 1 else 2
            stages.append(nn.Sequential(*halved, *(MeshBlock(channels, channels) for _ in range(further))))
            before = channels
        self.stages = nn.Sequential(*stages)
        self.point_layers = nn.Sequential(
            MeshBlock(before, before), nn.Conv2d(before, 32, 1), nn.PReLU(32), MeshBlock(32, 32)
        )
        self.points = nn.Conv2d(32, 3 * POINTS, 3)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Images of faces to their points and maps.

        Args:
            images: (N, 3, 192, 192), RGB in [0, 1].

        Returns:
            Points (N, 468, 3), float32 under autocast as well: x to the right, y down and z away from the
            viewer, in pixels of the image. Maps (N, 64, 24, 24).
        """
        maps = pad_below_and_right(images.contiguous(memory_format=torch.channels_last))  # faster on a CPU
        maps = self.stem_activation(self.stem(maps))
        given = None
        for number, stage in enumerate(self.stages):
            maps = stage(maps)
            given = maps if number == MAP_STAGE else given
        maps = self.point_layers(maps)
        with torch.autocast(maps.device.type, enabled=False):  # bfloat16 would round to whole pixels
            points = self.points(maps.float())
        return points.flatten(1).unflatten(1, (POINTS, 3)), given


def pad_below_and_right(maps: Tensor) -> Tensor:
    """Pad with zeros after the last row and column only, as TensorFlow's convolutions with stride 2 do."""
    return F.pad(maps, (0, 1, 0, 1))


def mirror_partners() -> Tensor:
    """For each point its place on the other side of the face, (468,); points in the middle are their own."""
    partner = torch.arange(POINTS)
    one_side = torch.tensor([i for i in range(248) if i not in MIDDLE])
    other_side = torch.arange(248, POINTS)
    partner[one_side], partner[other_side] = other_side, one_side
    return partner
