"""An encoder around any image network, as FAN has it; resnet18, torchvision and timm derive from it."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from vidfer.models.embedding import MAP_CHANNELS, MAP_PX, Embedding
from vidfer.models.encoders.attention import FrameAttention, RegionAttention, frame_average
from vidfer.models.encoders.base import Encoder
from vidfer.models.encoders.frame_input import FrameInput
from vidfer.models.encoders.image_network import ImageNetwork
from vidfer.models.encoders.staged_settings import MAP_STAGE, resolved_map_stage
from vidfer.models.frames import FramePacker, resize_images
from vidfer.models.pretrained.row import IMAGENET_MEAN, IMAGENET_STD


class PlainEncoder(Encoder):
    """A frame's vector is the mean of the backbone's last map; frame attention follows, as in FAN.

    Several regions go through the same weights, and region attention makes one vector of theirs.
    """

    def __init__(
        self,
        backbone: ImageNetwork,
        regions: Sequence[str] = ("face",),
        input_px: int | None = None,
        map_stage: int | None = MAP_STAGE,
        region_attention: str = "softmax",
        frame_attention: str = "softmax",
        attention_dropout: float = 0.0,
        mean: Sequence[float] = IMAGENET_MEAN,
        std: Sequence[float] = IMAGENET_STD,
        frame_channels: int | None = None,
    ) -> None:
        """``backbone``: images (N, 3, H, W) to four maps with ``stage_channels``. ``frame_channels``: of the
        vectors that :meth:`maps_and_vectors` gives; None if these are means of the last map. For the other
        arguments see :class:`vidfer.models.encoders.published_settings.PublishedSettings`."""
        super().__init__()
        self.regions, self.map_stage = tuple(regions), resolved_map_stage(map_stage, input_px)
        self.input = FrameInput(self.regions, input_px, mean, std)
        self.backbone = backbone
        channels = backbone.stage_channels
        frame_channels = frame_channels or channels[-1]
        # A single region has the weight 1, whatever its score.
        self.region_attention = RegionAttention(
            frame_channels, region_attention if len(regions) > 1 else "mean"
        )
        self.frame_attention = FrameAttention(frame_channels, frame_attention, attention_dropout)
        self.vector_channels = self.frame_attention.out_channels
        self.map_projection = nn.Conv2d(channels[self.map_stage - 1], MAP_CHANNELS, 1)

    def forward(self, crops: Tensor, frame_mask: Tensor) -> Embedding:
        """The embedding of clips; see :class:`vidfer.models.encoders.base.Encoder`."""
        frames = FramePacker(frame_mask)
        vector, attention, stages = self._see(crops, frames)
        # Averaging over frames commutes with the projection and costs less before it.
        maps = frame_average(attention["frames"], frames.unpack(stages[self.map_stage - 1]))
        maps = self.map_projection(maps.flatten(0, 1))  # (B R, 64, h, w)
        maps = resize_images(maps.float(), MAP_PX).unflatten(0, (-1, len(self.regions)))
        return Embedding(
            vector=vector,
            maps=maps,
            attention={name: weights.detach() for name, weights in attention.items()},
        )

    def vectors(self, crops: Tensor, frame_mask: Tensor) -> Tensor:
        return self._see(crops, FramePacker(frame_mask))[0]

    def _see(self, crops: Tensor, frames: FramePacker) -> tuple[Tensor, dict[str, Tensor], list[Tensor]]:
        """The vectors of clips, all attention weights, and the stages' maps (M, R, C, H, W)."""
        of_frame = (-1, len(self.regions))  # the frames' number stays open where a network becomes ONNX
        images = self.input(frames.pack(crops))  # (M, R 3, H, W)
        images = images.reshape(-1, 3, *images.shape[-2:])  # (M R, 3, H, W)
        stages, vectors = self.maps_and_vectors(images, frames)
        vectors = stages[-1].float().mean((-2, -1)) if vectors is None else vectors.float()
        stages = [maps.unflatten(0, of_frame) for maps in stages]

        vectors, region_weights = self.region_attention(vectors.unflatten(0, of_frame))
        vector, attention = self.frame_attention(frames.unpack(vectors), frames.frame_mask)
        attention["regions"] = frames.unpack(region_weights, 1 / len(self.regions))
        return vector, attention, stages

    def maps_and_vectors(self, images: Tensor, frames: FramePacker) -> tuple[list[Tensor], Tensor | None]:
        """Images (M R, 3, H, W) to four maps of each, and their vectors (M R, C); None for means of the last
        map. ``frames`` tells which clips they are of."""
        return self.backbone(images), None

    def image_network(self) -> ImageNetwork:
        return self.backbone
