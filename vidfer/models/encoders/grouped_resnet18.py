"""The encoder of Noisy Student FER (Kumar, Rao, Yu 2020, arXiv 2008.02655)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from vidfer.crops import REGIONS
from vidfer.errors import SettingError
from vidfer.models.embedding import MAP_CHANNELS, MAP_PX, Embedding
from vidfer.models.encoders.attention import FrameAttention, RegionAttention, SpatialAttention, frame_average
from vidfer.models.encoders.base import Encoder
from vidfer.models.encoders.frame_input import FrameInput
from vidfer.models.encoders.grouped_resnet import GroupedResNet18, check_stochastic_depth
from vidfer.models.encoders.staged_settings import MAP_STAGE, StagedSettings, resolved_map_stage
from vidfer.models.frames import FramePacker, resize_images
from vidfer.models.settings import check_choice
from vidfer.rare import Rare

FRAME_CHANNELS = 512


@dataclass(frozen=True, kw_only=True)
class GroupedResNet18Settings(StagedSettings):
    """Options of the encoder grouped_resnet18."""

    name = "grouped_resnet18"

    width: int = 64
    """Channels per region of the first stage; the four stages have 1, 2, 4 and 8 times as many. 64 is
    ResNet-18 (33.5 M parameters with three regions); 16 trains on a CPU."""

    regions: tuple[Literal["face", "eyes", "mouth"], ...] = REGIONS
    """Regions that the network looks at, each with weights of its own, such as: eyes mouth. Without the
    face, csrn's prototype is of the first region."""

    spatial_attention: Rare[Literal["softmax", "mean"]] = "softmax"
    """How the positions of a stage's map become one vector: weighted by softmax(w tanh(W x)), or their plain
    mean."""

    stochastic_depth: Rare[float] = 1.0
    """In training, whole blocks are left out of a clip (Huang et al. 2016). This is the probability that the
    last block is kept; earlier ones are kept more often. 1 is off; Noisy Student has 0.8."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.width < 1:
            raise SettingError(f"--encoder.width {self.width}: give at least 1 (64 is the full ResNet-18)")
        check_choice("--encoder.spatial-attention", self.spatial_attention, ("softmax", "mean"))
        check_stochastic_depth(self.stochastic_depth)


class GroupedResNet18Encoder(Encoder):
    """Grouped ResNet-18, spatial attention on its four stages, region attention, frame attention.

    The classifier sees ``vector`` only, so supervised training does not train the 1x1 convolution that makes
    ``maps``; few-shot training of a relation head does.
    """

    Settings = GroupedResNet18Settings

    def __init__(
        self,
        width: int = 64,
        input_px: int | None = None,
        frame_attention: str = "softmax",
        map_stage: int | None = MAP_STAGE,
        attention_dropout: float = 0.0,
        regions: Sequence[str] = REGIONS,
        spatial_attention: str = "softmax",
        region_attention: str = "softmax",
        stochastic_depth: float = 1.0,
    ) -> None:
        """For the arguments see :class:`GroupedResNet18Settings`."""
        super().__init__()
        self.regions, self.map_stage = tuple(regions), resolved_map_stage(map_stage, input_px)
        self.input = FrameInput(self.regions, input_px)
        self.backbone = GroupedResNet18(len(regions), width, stochastic_depth)
        channels = self.backbone.stage_channels
        self.spatial_attention = nn.ModuleList(
            SpatialAttention(c, len(regions), spatial_attention) for c in channels
        )
        # A single region has the weight 1, whatever its score.
        self.region_attention = RegionAttention(
            sum(channels), region_attention if len(regions) > 1 else "mean"
        )
        self.frame_vector = nn.Linear(sum(channels), FRAME_CHANNELS)
        self.frame_attention = FrameAttention(FRAME_CHANNELS, frame_attention, attention_dropout)
        self.vector_channels = self.frame_attention.out_channels
        self.map_projection = nn.Conv2d(
            len(regions) * channels[self.map_stage - 1], len(regions) * MAP_CHANNELS, 1, groups=len(regions)
        )

    def forward(self, crops: Tensor, frame_mask: Tensor) -> Embedding:
        """The embedding of clips; see :class:`vidfer.models.encoders.base.Encoder`."""
        frames = FramePacker(frame_mask)
        vector, attention, stages = self._see(crops, frames)
        return Embedding(
            vector=vector,
            maps=self.clip_maps(frames.unpack(stages[self.map_stage - 1]), attention["frames"]),
            attention={name: weights.detach() for name, weights in attention.items()},
        )

    def vectors(self, crops: Tensor, frame_mask: Tensor) -> Tensor:
        return self._see(crops, FramePacker(frame_mask))[0]

    def _see(self, crops: Tensor, frames: FramePacker) -> tuple[Tensor, dict[str, Tensor], list[Tensor]]:
        """The vectors of clips, all attention weights, and the stages' maps (M, R C, H, W)."""
        # A clip loses a block in all its frames and regions, so that noise never looks like motion.
        drop_path = frames.of_frames(self.backbone.draw_drop_path(len(frames.frame_mask)))
        stages = self.backbone(self.input(frames.pack(crops)), drop_path)

        pooled = [attend(maps) for attend, maps in zip(self.spatial_attention, stages)]
        region_vectors = torch.cat([vectors for vectors, _ in pooled], dim=-1)  # (M, R, 960) at full width
        vectors, region_weights = self.region_attention(region_vectors)
        vectors = frames.unpack(self.frame_vector(vectors).float())  # (B, T, 512)
        vector, attention = self.frame_attention(vectors, frames.frame_mask)

        attention |= {"regions": frames.unpack(region_weights, 1 / len(self.regions))}
        for stage, (_, weights) in enumerate(pooled, start=1):
            attention[f"spatial{stage}"] = frames.unpack(weights, 1 / weights.shape[-1])
        return vector, attention, stages

    def clip_maps(self, stage_maps: Tensor, frame_weights: Tensor) -> Tensor:
        """A stage's maps (B, T, R C, H, W) and frame weights (B, T) to (B, R, 64, 14, 14).

        Projection, resizing and averaging are linear and the weights sum to one, so averaging over frames
        first gives the same and costs T times less.
        """
        maps = self.map_projection(frame_average(frame_weights, stage_maps))
        return resize_images(maps.float(), MAP_PX).unflatten(1, (len(self.regions), MAP_CHANNELS))

    def image_network(self) -> GroupedResNet18:
        return self.backbone
