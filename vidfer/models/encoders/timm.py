"""A network of timm by name: four maps and a vector of each picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from vidfer.errors import SettingError
from vidfer.models.encoders.image_network import ImageNetwork
from vidfer.models.encoders.plain_encoder import PlainEncoder
from vidfer.models.encoders.published_settings import PublishedSettings
from vidfer.models.encoders.timm_library import REDUCTIONS, has_stages, timm_model
from vidfer.models.encoders.timm_names import timm_names
from vidfer.models.encoders.timm_network import TimmNetwork
from vidfer.models.frames import FramePacker
from vidfer.models.pretrained.load_weights import CLASSIFIERS
from vidfer.models.settings import check_choice
from vidfer.models.without_weights import without_weights


@dataclass(frozen=True, kw_only=True)
class TimmSettings(PublishedSettings):
    """Options of the encoder timm."""

    name = "timm"

    network: str = "resnet18"
    """A network of timm by its name there: convolutions or a transformer."""

    vector: Literal["mean", "network"] = "mean"
    """A frame's vector: the `mean` of the last map, or what the `network` gives its own classifier, such as
    the class token of a transformer."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_choice("--encoder.vector", self.vector, ("mean", "network"))


class TimmEncoder(PlainEncoder):
    """A network of timm on each region, then frame attention."""

    Settings = TimmSettings

    def __init__(self, network: str = "resnet18", vector: str = "mean", **shared) -> None:
        """For the arguments see :class:`TimmSettings`; ``shared``: those of
        :class:`vidfer.models.encoders.plain_encoder.PlainEncoder`.

        Raises:
            MissingPackageError: timm is not installed.
            SettingError: timm does not have the network, or it gives no maps.
        """
        # Stages alone are computed with less, and earlier checkpoints hold them.
        of_maps = vector == "mean"
        backbone = TimmBackbone(network) if of_maps and has_stages(network) else TimmNetwork(network)
        channels = None if of_maps else backbone.vector_channels
        super().__init__(backbone, frame_channels=channels, **shared)
        self.vector = vector

    def maps_and_vectors(self, images: Tensor, frames: FramePacker) -> tuple[list[Tensor], Tensor | None]:
        found = self.backbone(images)
        maps, vectors = found if isinstance(found, tuple) else (found, None)
        return maps, vectors if self.vector == "network" else None


class TimmBackbone(ImageNetwork):
    """timm's ``features_only`` form of a network; its last four stages must be 1/4, 1/8, 1/16, 1/32."""

    def __init__(self, name: str) -> None:
        """``name``: such as ``resnet18``.

        Raises:
            MissingPackageError: timm is not installed.
            SettingError: timm does not have the network, or it has no such stages.
        """
        super().__init__()
        try:
            self.layers = timm_model(name, features_only=True)
            info = dict(zip(self.layers.feature_info.reduction(), self.layers.feature_info.channels()))
        except (RuntimeError, AttributeError, TypeError, AssertionError) as error:
            raise SettingError(no_stages(name)) from error
        if any(reduction not in info for reduction in REDUCTIONS):
            raise SettingError(no_stages(name))
        self.name = name
        self.remedy = f"give the weights of timm's {name}"
        self.stages = [list(info).index(reduction) for reduction in REDUCTIONS]
        self.stage_channels = tuple(info[reduction] for reduction in REDUCTIONS)

    def forward(self, images: Tensor) -> list[Tensor]:
        """Images (N, 3, H, W) to four maps (N, C_s, H / 2^(s+1), W / 2^(s+1))."""
        maps = self.layers(images.contiguous(memory_format=torch.channels_last))  # faster on a CPU
        return [maps[stage] for stage in self.stages]

    def renamed(self, weights: dict[str, Tensor]) -> dict[str, Tensor]:
        with without_weights():
            return timm_names(weights, timm_model(self.name))

    def published_name(self, name: str) -> str:
        """The name that timm gives to one of this module's tensors, but for some dots that are _."""
        return name.removeprefix("layers.")

    def published_names(self) -> set[str]:
        """Names of all tensors of the whole network but its classifier's."""
        with without_weights():
            model = timm_model(self.name)
        return {name for name in model.state_dict() if name.split(".")[0] not in CLASSIFIERS}


def no_stages(name: str) -> str:
    return (
        f"timm's {name} does not give maps of 1/4, 1/8, 1/16 and 1/32 of the image, which vidfer needs; "
        "choose a convolutional network such as --encoder.network resnet18"
    )
