"""A network of timm by name, as four stages of maps; timm is an optional extra."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from vidfer.errors import MissingPackageError, SettingError
from vidfer.models.encoders.image_network import ImageNetwork
from vidfer.models.encoders.plain_encoder import PlainEncoder
from vidfer.models.encoders.staged_settings import StagedSettings
from vidfer.models.pretrained.load_weights import CLASSIFIERS

REDUCTIONS = (4, 8, 16, 32)


def timm_model(name: str, **options) -> nn.Module:
    """timm's network with random weights; nothing is downloaded.

    Raises:
        MissingPackageError: timm is not installed.
        SettingError: it has no network of that name.
    """
    try:
        import timm
    except ImportError as error:
        raise MissingPackageError(
            "--encoder timm needs timm, which is not installed: pip install 'vidfer[timm]'"
        ) from error
    if name not in timm.list_models():
        near = timm.list_models(f"*{name[:6]}*")[:8]
        raise SettingError(
            f"timm {timm.__version__} has no network {name!r}; choose one such as --encoder.network resnet18"
            + (f", or: {' '.join(near)}" if near else "")
        )
    return timm.create_model(name, pretrained=False, **options)


@dataclass(frozen=True, kw_only=True)
class TimmSettings(StagedSettings):
    """Options of the encoder timm."""

    name = "timm"

    network: str = "resnet18"
    """A convolutional network of timm by its name there."""


class TimmEncoder(PlainEncoder):
    """A network of timm on each region, the mean of its last map, then frame attention."""

    Settings = TimmSettings

    def __init__(self, network: str = "resnet18", **shared) -> None:
        """``shared``: arguments of :class:`vidfer.models.encoders.plain_encoder.PlainEncoder`.

        Raises:
            SettingError: timm does not have the network, or it has no four stages of maps.
        """
        super().__init__(TimmBackbone(network), **shared)


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

    def published_name(self, name: str) -> str:
        """The name that timm gives to one of this module's tensors, but for some dots that are _."""
        return name.removeprefix("layers.")

    def published_names(self) -> set[str]:
        """Names of all tensors of the whole network but its classifier's."""
        with torch.device("meta"):
            model = timm_model(self.name)
        return {name for name in model.state_dict() if name.split(".")[0] not in CLASSIFIERS}


def no_stages(name: str) -> str:
    return (
        f"timm's {name} does not give maps of 1/4, 1/8, 1/16 and 1/32 of the image, which vidfer needs; "
        "choose a convolutional network such as --encoder.network resnet18"
    )
