"""Clips of three regions to one embedding each: the network of Noisy Student FER."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from vidfer.crops import REGIONS
from vidfer.models.attention import FrameAttention, RegionAttention, SpatialAttention, frame_average
from vidfer.models.embedding import Embedding
from vidfer.models.frame_input import FrameInput
from vidfer.models.frames import FramePacker, resize_images
from vidfer.models.grouped_resnet import GroupedResNet18
from vidfer.models.settings import MAP_PX

FRAME_CHANNELS = 512
MAP_CHANNELS = 64


class VideoEncoder(nn.Module):
    """Grouped ResNet-18, spatial attention on its four stages, region attention, frame attention.

    The classifier sees ``vector`` only, so supervised training does not train the 1x1 convolution that makes
    ``maps``; few-shot training of a relation head does.
    """

    def __init__(
        self,
        width: int = 64,
        input_px: int | None = None,
        frame_attention: str = "softmax",
        map_stage: int = 3,
        attention_dropout: float = 0.0,
        regions: Sequence[str] = REGIONS,
        spatial_attention: str = "softmax",
        region_attention: str = "softmax",
        stochastic_depth: float = 1.0,
    ) -> None:
        """For the arguments see :class:`vidfer.models.settings.ModelSettings`; ``map_stage`` is 1 to 4."""
        super().__init__()
        self.regions, self.map_stage = tuple(regions), map_stage
        self.input = FrameInput(self.regions, input_px)
        self.backbone = GroupedResNet18(len(regions), width, stochastic_depth)
        channels = self.backbone.stage_channels
        self.spatial_attention = nn.ModuleList(
            SpatialAttention(c, len(regions), spatial_attention) for c in channels
        )
        # The weight of an only region is one, whatever its score.
        self.region_attention = RegionAttention(
            sum(channels), region_attention if len(regions) > 1 else "mean"
        )
        self.frame_vector = nn.Linear(sum(channels), FRAME_CHANNELS)
        self.frame_attention = FrameAttention(FRAME_CHANNELS, frame_attention, attention_dropout)
        self.vector_channels = self.frame_attention.out_channels
        self.map_projection = nn.Conv2d(
            len(regions) * channels[map_stage - 1], len(regions) * MAP_CHANNELS, 1, groups=len(regions)
        )

    def forward(self, crops: Tensor, frame_mask: Tensor) -> Embedding:
        """The embedding of clips.

        Args:
            crops: (B, T, 3, 3, H, W) RGB, uint8, or float in [0, 1]; H, W at least 32 after ``input_px``.
                Always all three regions; those that are switched off are not looked at.
            frame_mask: (B, T) bool, False where there is no face; such frames have no influence. A clip
                without any face gives a zero vector.
        """
        frames = FramePacker(frame_mask)
        # A clip loses a block in all its frames and regions, so that noise never looks like motion.
        fates = frames.of_frames(self.backbone.draw_fates(len(frame_mask)))
        stages = self.backbone(self.input(frames.pack(crops)), fates)

        pooled = [attend(maps) for attend, maps in zip(self.spatial_attention, stages)]
        region_vectors = torch.cat([vectors for vectors, _ in pooled], dim=-1)  # (M, R, 960) at full width
        vectors, region_weights = self.region_attention(region_vectors)
        vectors = frames.unpack(self.frame_vector(vectors).float())  # (B, T, 512)
        vector, attention = self.frame_attention(vectors, frame_mask)

        attention |= {"regions": frames.unpack(region_weights, 1 / len(self.regions))}
        for stage, (_, weights) in enumerate(pooled, start=1):
            attention[f"spatial{stage}"] = frames.unpack(weights, 1 / weights.shape[-1])
        return Embedding(
            vector=vector,
            maps=self.clip_maps(frames.unpack(stages[self.map_stage - 1]), attention["frames"]),
            attention={name: weights.detach() for name, weights in attention.items()},
        )

    def clip_maps(self, stage_maps: Tensor, frame_weights: Tensor) -> Tensor:
        """A stage's maps (B, T, R C, H, W) and frame weights (B, T) to (B, R, 64, 14, 14).

        Projection, resizing and averaging are linear and the weights sum to one, so averaging over frames
        first gives the same and costs T times less.
        """
        maps = self.map_projection(frame_average(frame_weights, stage_maps))
        return resize_images(maps.float(), MAP_PX).unflatten(1, (len(self.regions), MAP_CHANNELS))
