"""MediaPipe's face landmarker: 478 points of a face in three dimensions, those of the irises among them."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vidfer.models.encoders.face_mesh_network import mirror_partners as partners_without_irises

INPUT_PX = 256
POINTS = 478

STAGES = ((16, 8), (32, 16), (64, 32), (128, 64), (128, 64), (128, 64), (128, 64))
"""Channels of the maps of 128, 64, 32, 16, 8, 4 and 2 pixels, and of the inner layers of their blocks."""

IRISES = (473, 476, 475, 474, 477, 468, 471, 470, 469, 472)
"""For each of the last ten points its place on the other side: the middle of an iris and four around it.
The other 468 points are those of Face Mesh."""

BLOCKS = 4
"""Residual blocks of a stage that keep the size of the map."""

EARLY_STAGES = 3
"""Stages that see a few images at once on a CPU, because the maps of more do not fit its caches. The last of
them gives the maps beside the points: 64 channels of 32x32."""


class LandmarkBlock(nn.Module):
    """A residual block: 1x1 with fewer channels, PReLU, depthwise 3x3, 1x1, plus the input, then PReLU.

    The first block of a stage halves the map: its first layer is 2x2 with stride 2, and the shortcut is a
    2x2 max-pooling, with zeros for new channels.
    """

    def __init__(self, channels_in: int, inner: int, channels_out: int, *, halves: bool = False) -> None:
        super().__init__()
        self.channels_in, self.halves = channels_in, halves
        side = 2 if halves else 1
        self.reduce = nn.Conv2d(channels_in, inner, side, side)
        self.inner_activation = nn.PReLU(inner)
        self.depthwise = nn.Conv2d(inner, inner, 3, padding=1, groups=inner)
        self.expand = nn.Conv2d(inner, channels_out, 1)
        self.activation = nn.PReLU(channels_out)

    def forward(self, maps: Tensor) -> Tensor:
        """(N, C_in, H, W) to (N, C_out, H, W), or half the size."""
        branch = self.inner_activation(convolve(self.reduce, maps))
        branch = convolve(self.expand, self.depthwise(branch))
        shortcut = F.max_pool2d(maps, 2) if self.halves else maps
        branch[:, : self.channels_in] += shortcut
        return self.activation(branch)


class FaceLandmarks(nn.Module):
    """The published network that finds the points, without its branches for the presence of face and tongue.

    Its weights are in ``face_landmarker.task``.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, STAGES[0][0], 3, 2)
        self.stem_activation = nn.PReLU(STAGES[0][0])
        stages, before = [], STAGES[0][0]
        for number, (channels, inner) in enumerate(STAGES):
            halved = [LandmarkBlock(before, inner, channels, halves=True)] if number else []
            stages.append(
                nn.Sequential(*halved, *(LandmarkBlock(channels, inner, channels) for _ in range(BLOCKS)))
            )
            before = channels
        self.stages = nn.Sequential(*stages)
        self.points = nn.Conv2d(before, 3 * POINTS, 2)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Images of faces to their points.

        Args:
            images: (N, 3, 256, 256), RGB in [0, 1].

        Returns:
            Points (N, 478, 3), float32 under autocast as well: x to the right, y down and z away from the
            viewer, in pixels of the image. Maps (N, 64, 32, 32).
        """
        maps = self.early_maps(images)
        return self.late_points(maps), maps

    def early_maps(self, images: Tensor) -> Tensor:
        """Images (N, 3, 256, 256) to the maps (N, 64, 32, 32) of the early stages."""
        # As TensorFlow pads a convolution with stride 2: after the last row and column only.
        maps = F.pad(images.contiguous(memory_format=torch.channels_last), (0, 1, 0, 1))
        return self.stages[:EARLY_STAGES](self.stem_activation(self.stem(maps)))

    def late_points(self, maps: Tensor) -> Tensor:
        """Maps (N, 64, 32, 32) to points (N, 478, 3)."""
        maps = self.stages[EARLY_STAGES:](maps)
        with torch.autocast(maps.device.type, enabled=False):  # bfloat16 would round to whole pixels
            return self.points(maps.float()).flatten(1).unflatten(1, (POINTS, 3))


def convolve(layer: nn.Conv2d, maps: Tensor) -> Tensor:
    """The convolution of a layer, by oneDNN on a CPU.

    On one thread PyTorch chooses another way for 1x1, which takes much longer for few channels.
    """
    plain = maps.device.type != "cpu" or maps.dtype != torch.float32 or torch.is_autocast_enabled("cpu")
    if plain or not torch.backends.mkldnn.is_available():
        return layer(maps)
    return torch.mkldnn_convolution(
        maps, layer.weight, layer.bias, layer.padding, layer.stride, layer.dilation, layer.groups
    )


def mirror_partners() -> Tensor:
    """For each point its place on the other side of the face, (478,); points in the middle are their own."""
    return torch.cat([partners_without_irises(), torch.tensor(IRISES)])
