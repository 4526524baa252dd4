"""Clips of three regions to one embedding each: the network of Noisy Student FER."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from vidfer.crops import REGIONS
from vidfer.models.attention import FrameAttention, RegionAttention, SpatialAttention, frame_average
from vidfer.models.embedding import Embedding
from vidfer.models.frames import FramePacker, resize_images, unit_float
from vidfer.models.grouped_resnet import GroupedResNet18
from vidfer.models.settings import MAP_PX

FRAME_CHANNELS = 512
MAP_CHANNELS = 64

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


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
    ) -> None:
        """For the arguments see :class:`vidfer.models.settings.ModelSettings`; ``map_stage`` is 1 to 4."""
        super().__init__()
        self.input_px, self.map_stage = input_px, map_stage
        self.backbone = GroupedResNet18(groups=len(REGIONS), width=width)
        channels = self.backbone.stage_channels
        self.spatial_attention = nn.ModuleList(SpatialAttention(c, len(REGIONS)) for c in channels)
        self.region_attention = RegionAttention(sum(channels))
        self.frame_vector = nn.Linear(sum(channels), FRAME_CHANNELS)
        self.frame_attention = FrameAttention(FRAME_CHANNELS, frame_attention, attention_dropout)
        self.vector_channels = self.frame_attention.out_channels
        self.map_projection = nn.Conv2d(
            len(REGIONS) * channels[map_stage - 1], len(REGIONS) * MAP_CHANNELS, 1, groups=len(REGIONS)
        )
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN).view(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(IMAGENET_STD).view(3, 1, 1), persistent=False)

    def forward(self, crops: Tensor, frame_mask: Tensor) -> Embedding:
        """The embedding of clips.

        Args:
            crops: (B, T, R, 3, H, W) RGB, uint8, or float in [0, 1]; H, W at least 32 after ``input_px``.
            frame_mask: (B, T) bool, False where there is no face; such frames have no influence. A clip
                without any face gives a zero vector.
        """
        frames = FramePacker(frame_mask)
        images = (unit_float(frames.pack(crops)) - self.mean) / self.std
        images = images.flatten(1, 2)  # region-major: (M, R 3, H, W)
        stages = self.backbone(resize_images(images, self.input_px))

        pooled = [attend(maps) for attend, maps in zip(self.spatial_attention, stages)]
        region_vectors = torch.cat([vectors for vectors, _ in pooled], dim=-1)  # (M, R, 960) at full width
        vectors, region_weights = self.region_attention(region_vectors)
        vectors = frames.unpack(self.frame_vector(vectors).float())  # (B, T, 512)
        vector, attention = self.frame_attention(vectors, frame_mask)

        attention |= {"regions": frames.unpack(region_weights, 1 / len(REGIONS))}
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
        return resize_images(maps.float(), MAP_PX).unflatten(1, (len(REGIONS), MAP_CHANNELS))
