"""FaceNet's network as facenet-pytorch has it: it has learned who a person is, from very many people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from vidfer.errors import SettingError
from vidfer.models.encoders.image_network import ImageNetwork
from vidfer.models.encoders.plain_encoder import PlainEncoder
from vidfer.models.encoders.published_settings import PublishedSettings
from vidfer.models.frames import FramePacker
from vidfer.rare import Rare

STAGE_ENDS = ("conv2d_2b", "repeat_1", "repeat_2", "block8")
STAGE_CHANNELS = (64, 256, 896, 1792)
"""Of 160 pixels they make maps of 77, 17, 8 and 3."""

VECTOR_CHANNELS = 512
SMALLEST_PX = 80
MEAN = (127.5 / 255,) * 3
STD = (128 / 255,) * 3


@dataclass(frozen=True, kw_only=True)
class InceptionResnetV1Settings(PublishedSettings):
    """Options of the encoder inception_resnet_v1."""

    name = "inception_resnet_v1"

    input_px: int | None = 160
    """Side, in pixels, that crops are resized to before the network sees them; at least 80."""

    mean: Rare[tuple[float, float, float]] = MEAN
    """Mean of red, green and blue, in [0, 1], which is taken away; facenet-pytorch's is 127.5 of 255."""

    std: Rare[tuple[float, float, float]] = STD
    """What red, green and blue are then divided by; facenet-pytorch's is 128 of 255."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.input_px is not None and self.input_px < SMALLEST_PX:
            raise SettingError(
                f"--encoder.input-px {self.input_px}: inception_resnet_v1 needs at least {SMALLEST_PX} pixels"
            )


class InceptionResnetV1Encoder(PlainEncoder):
    """FaceNet's network on each region, its 512 numbers before they are normalised, frame attention."""

    Settings = InceptionResnetV1Settings

    def __init__(
        self,
        input_px: int | None = 160,
        mean: Sequence[float] = MEAN,
        std: Sequence[float] = STD,
        **shared,
    ) -> None:
        """For the arguments see :class:`InceptionResnetV1Settings`; ``shared``: those of
        :class:`vidfer.models.encoders.plain_encoder.PlainEncoder`."""
        of_network = {"input_px": input_px, "mean": mean, "std": std, "frame_channels": VECTOR_CHANNELS}
        super().__init__(FaceNet(), **of_network, **shared)

    def maps_and_vectors(self, images: Tensor, frames: FramePacker) -> tuple[list[Tensor], Tensor]:
        return self.backbone(images)


class FaceNet(ImageNetwork):
    """InceptionResnetV1 of facenet-pytorch without its classifier."""

    name = "InceptionResnetV1"
    remedy = "give facenet-pytorch's weights, such as 20180402-114759-vggface2.pt (--encoder facenet)"
    stage_channels = STAGE_CHANNELS

    def __init__(self) -> None:
        super().__init__()
        from facenet_pytorch import InceptionResnetV1

        layers = {n: child for n, child in InceptionResnetV1().named_children() if n != "logits"}
        self.layers = nn.ModuleDict(layers)

    def forward(self, images: Tensor) -> tuple[list[Tensor], Tensor]:
        """Images (N, 3, H, W) to four maps (N, C_s, h, w) and vectors (N, 512).

        Raises:
            SettingError: the pictures are too small.
        """
        if images.shape[-1] < SMALLEST_PX:
            raise SettingError(
                f"inception_resnet_v1 needs pictures of {SMALLEST_PX} pixels, and the crops have "
                f"{images.shape[-1]}; give --encoder.input-px 160"
            )
        maps = []
        value = images.contiguous(memory_format=torch.channels_last)
        for name, layer in self.layers.items():
            value = layer(value)
            if name == "avgpool_1a":
                value = value.flatten(1)
            if name in STAGE_ENDS:
                maps.append(value)
        return maps, value

    def published_name(self, name: str) -> str:
        return name.removeprefix("layers.")

    def published_names(self) -> set[str]:
        return {self.published_name(name) for name in self.state_dict()}
