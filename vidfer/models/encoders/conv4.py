"""CSRN's small encoder (Kim et al., ICCE 2024): four convolutions shared by the three regions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vidfer.crops import REGIONS
from vidfer.models.embedding import MAP_CHANNELS, Embedding
from vidfer.models.encoders.attention import FrameAttention, frame_average
from vidfer.models.encoders.base import Encoder
from vidfer.models.frames import FramePacker, resize_images, select_regions, unit_float
from vidfer.models.settings import EncoderSettings, check_choice
from vidfer.rare import Rare

INPUT_PX = 64
"""Side of the images that the network sees."""

CELLS = ((2, 2), (1, 2), (1, 2))
"""Rows and columns of face, eyes and mouth: eight cells of 64 channels are 512 numbers."""


def conv_block(channels_in: int, channels_out: int, *, padding: int, pool: bool) -> nn.Sequential:
    """conv3x3, batch normalisation, 2x2 max-pooling if ``pool``, and ReLU."""
    # ReLU commutes with pooling and costs a quarter after it.
    layers = [nn.Conv2d(channels_in, channels_out, 3, padding=padding), nn.BatchNorm2d(channels_out)]
    return nn.Sequential(*layers, *[nn.MaxPool2d(2)] * pool, nn.ReLU(inplace=True))


@dataclass(frozen=True, kw_only=True)
class Conv4Settings(EncoderSettings):
    """Options of the encoder conv4."""

    name = "conv4"
    input_px = INPUT_PX

    pools: Rare[Literal[2, 4]] = 2
    """2 is CSRN's network, whose maps are 14x14. 4 is CRN's, which pools in every block and has maps of 4x4;
    CRN's image size is not published, 64 pixels is CSRN's."""

    regions: tuple[Literal["face", "eyes", "mouth"], ...] = REGIONS
    """Regions that the network looks at, such as: eyes mouth. Without the face, csrn's prototype is of the
    first region."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_choice("--encoder.pools", self.pools, (2, 4))


class Conv4Encoder(Encoder):
    """The published 113,088-parameter network on every region of every frame, then frame attention.

    The published network sees single images in [0, 1], without mean and standard deviation. What makes an
    :class:`Embedding` of it is ours: ``vector`` is the clip's maps averaged over cells (no parameters), and
    ``maps`` are weighted by a frame attention that starts uniform.
    """

    Settings = Conv4Settings

    def __init__(
        self,
        frame_attention: str = "softmax",
        attention_dropout: float = 0.0,
        *,
        pools: int = 2,
        regions: Sequence[str] = REGIONS,
    ) -> None:
        """``pools``: 2 is CSRN's network, whose maps are 14x14. 4 is CRN's (Zhu et al. 2022), which pools in
        every block, padded so that 64 pixels become maps of 4x4."""
        super().__init__()
        self.regions = tuple(regions)
        self.cells = [CELLS[REGIONS.index(region)] for region in regions]
        self.blocks = nn.Sequential(
            conv_block(3, MAP_CHANNELS, padding=int(pools == 4), pool=True),
            conv_block(MAP_CHANNELS, MAP_CHANNELS, padding=int(pools == 4), pool=True),
            conv_block(MAP_CHANNELS, MAP_CHANNELS, padding=1, pool=pools == 4),
            conv_block(MAP_CHANNELS, MAP_CHANNELS, padding=1, pool=pools == 4),
        )
        cells = sum(rows * columns for rows, columns in self.cells)
        self.frame_attention = FrameAttention(cells * MAP_CHANNELS, frame_attention, attention_dropout)
        self.vector_channels = self.frame_attention.out_channels

    def forward(self, crops: Tensor, frame_mask: Tensor) -> Embedding:
        """The embedding of clips; see :class:`vidfer.models.encoders.base.Encoder`."""
        frames = FramePacker(frame_mask)
        images = unit_float(select_regions(frames.pack(crops), self.regions))
        regions = resize_images(images.flatten(0, 1), INPUT_PX)
        maps = self.blocks(regions.contiguous(memory_format=torch.channels_last))  # faster on a CPU
        maps = maps.float().unflatten(0, images.shape[:2])  # (M, R, 64, 14, 14) or (M, R, 64, 4, 4)

        side = maps.shape[-1]
        cells = [
            F.avg_pool2d(maps[:, r], (side // rows, side // columns)).flatten(1)
            for r, (rows, columns) in enumerate(self.cells)
        ]
        vectors = frames.unpack(torch.cat(cells, dim=1))
        vector, attention = self.frame_attention(vectors, frame_mask)
        return Embedding(
            vector=vector,
            maps=frame_average(attention["frames"], frames.unpack(maps)),
            attention={name: weights.detach() for name, weights in attention.items()},
        )
