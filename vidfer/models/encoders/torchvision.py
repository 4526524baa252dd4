"""A classification network of torchvision by name, as four stages of maps."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from vidfer.errors import SettingError
from vidfer.models.encoders.image_network import ImageNetwork
from vidfer.models.encoders.plain_encoder import PlainEncoder
from vidfer.models.encoders.published_settings import PublishedSettings
from vidfer.models.pretrained.load_weights import CLASSIFIERS
from vidfer.models.without_weights import without_weights

PROBE_PX = 224
STAGE_PX = (56, 28, 14, 7)
"""Sides of the stages' maps of a 224-pixel image: 1/4, 1/8, 1/16, 1/32."""


def torchvision_model(name: str) -> nn.Module:
    """torchvision's network with random weights; nothing is downloaded.

    Raises:
        SettingError: if torchvision has no classification network of that name.
    """
    import torchvision  # here, because it is slow and few need it

    names = torchvision.models.list_models(module=torchvision.models)
    if name not in names:
        raise SettingError(
            f"torchvision {torchvision.__version__} has no network {name!r}; choose one such as "
            f"--encoder.network mobilenet_v3_small, from: {' '.join(names)}"
        )
    # These two have branches beside the trunk, and warn about how they start.
    if name in ("googlenet", "inception_v3"):
        raise SettingError(no_stages(name))
    return torchvision.models.get_model(name, weights=None)


@dataclass(frozen=True, kw_only=True)
class TorchvisionSettings(PublishedSettings):
    """Options of the encoder torchvision."""

    name = "torchvision"

    network: str = "mobilenet_v3_small"
    """A convolutional network of torchvision by its name there."""


class TorchvisionEncoder(PlainEncoder):
    """A network of torchvision on each region, the mean of its last map, then frame attention."""

    Settings = TorchvisionSettings

    def __init__(self, network: str = "mobilenet_v3_small", **shared) -> None:
        """``shared``: arguments of :class:`vidfer.models.encoders.plain_encoder.PlainEncoder`.

        Raises:
            SettingError: torchvision does not have the network, or it has no four stages of maps.
        """
        super().__init__(TorchvisionBackbone(network), **shared)


class TorchvisionBackbone(ImageNetwork):
    """What comes before the classifier; the last map of each side is a stage's."""

    def __init__(self, name: str) -> None:
        """``name``: such as ``mobilenet_v3_small``.

        Raises:
            SettingError: if torchvision does not have it, or if it does not make maps of 1/4, 1/8, 1/16 and
            1/32 of the image one after the other, as vision transformers do not.
        """
        super().__init__()
        model = torchvision_model(name)
        prefix = "features." if hasattr(model, "features") else ""
        trunk = model.features if prefix else model
        layers = {n: child for n, child in trunk.named_children() if n not in CLASSIFIERS}
        if name.startswith("densenet"):
            layers["relu"] = nn.ReLU()  # which torchvision has outside of ``features``
        self.layers = nn.ModuleDict(layers)
        self.name, self.prefix = name, prefix
        self.remedy = f"give the weights of torchvision's {name}"
        try:
            shapes = self.probe()
        except (RuntimeError, TypeError, ValueError, AssertionError, AttributeError) as error:
            raise SettingError(no_stages(name)) from error
        ends = {side: number for number, (_, side) in enumerate(shapes)}
        if any(side not in ends for side in STAGE_PX):
            raise SettingError(no_stages(name))
        self.stage_ends = [ends[side] for side in STAGE_PX]
        self.stage_channels = tuple(shapes[end][0] for end in self.stage_ends)

    def forward(self, images: Tensor) -> list[Tensor]:
        """Images (N, 3, H, W) to four maps (N, C_s, H / 2^(s+1), W / 2^(s+1))."""
        maps = self.outputs(images.contiguous(memory_format=torch.channels_last))  # faster on a CPU
        return [maps[end] for end in self.stage_ends]

    def outputs(self, images: Tensor) -> list[Tensor]:
        """What each layer gives."""
        outputs = []
        for layer in self.layers.values():
            images = layer(images)
            outputs.append(images)
        return outputs

    @torch.no_grad()
    def probe(self) -> list[tuple[int, int]]:
        """Channels and side of what each layer makes of a 224-pixel image; a side of 0 is no square map."""
        device = next(self.parameters()).device
        outputs = self.eval().outputs(torch.zeros(1, 3, PROBE_PX, PROBE_PX, device=device))
        self.train()
        return [(o.shape[1], o.shape[3] if o.ndim == 4 and o.shape[2] == o.shape[3] else 0) for o in outputs]

    def published_name(self, name: str) -> str:
        """The name that torchvision gives to one of this module's tensors."""
        return self.prefix + name.removeprefix("layers.")

    def published_names(self) -> set[str]:
        """Names of all tensors of the published network but its classifier's."""
        with without_weights():
            names = torchvision_model(self.name).state_dict()
        return {name for name in names if name.split(".")[0] not in CLASSIFIERS}


def no_stages(name: str) -> str:
    return (
        f"torchvision's {name} does not make square maps of 1/4, 1/8, 1/16 and 1/32 of the image one after "
        "the other, which vidfer needs; choose a convolutional network such as "
        "--encoder.network mobilenet_v3_small"
    )
