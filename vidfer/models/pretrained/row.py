"""One row of the table of pretrained encoders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
HALF = (0.5, 0.5, 0.5)
CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)

HUB = "https://huggingface.co"


@dataclass(frozen=True, kw_only=True)
class Pretrained:
    """A pretrained encoder: what it learned, and how vidfer comes to it."""

    name: str
    """What a user types: ``--encoder NAME``, ``vidfer encoders get NAME``."""
    learned: str
    """What it learned, and from whom."""
    seen: tuple[str, ...] = ()
    """Expression labels that it has seen; none where it learned without them."""
    captions: bool = False
    """It learned from captions of pictures, which may name emotions."""
    licence: str
    encoder: str | None = None
    """Its encoder in :data:`vidfer.models.encoders.ENCODERS`; None if vidfer does not read it."""
    network: str | None = None
    """The network's name in timm or torchvision."""
    vector: str | None = None
    """Option ``vector`` of the encoder timm."""
    input_px: int | None = None
    """Side of the pictures that it was trained on; None if its encoder decides."""
    mean: tuple[float, float, float] | None = IMAGENET_MEAN
    std: tuple[float, float, float] | None = IMAGENET_STD
    """Mean and standard deviation of the three colours in [0, 1]; None if its encoder decides."""
    url: str | None = None
    """Of the file of weights."""
    hub: str | None = None
    """Hugging Face hub id of the weights, instead of ``url``."""
    hub_file: str = "model.safetensors"
    sha256: str = ""
    """Of the file, or its first digits where its publisher gives no more; empty if unknown."""
    note: str = ""

    @property
    def address(self) -> str | None:
        """The address of the file of weights; None if a user must fetch it by hand."""
        if self.hub is None:
            return self.url
        return f"{HUB}/{self.hub}/resolve/main/{self.hub_file}"

    @property
    def file(self) -> str:
        """The name of the file of weights."""
        return (self.address or f"{self.name}.pth").partition("?")[0].rsplit("/", 1)[-1]

    @property
    def options(self) -> Mapping[str, Any]:
        """Options of its encoder that belong to the weights."""
        of_network = {name: getattr(self, name) for name in ("network", "vector", "input_px", "mean", "std")}
        return MappingProxyType({name: value for name, value in of_network.items() if value is not None})

    @property
    def seen_text(self) -> str:
        """Which expression labels it has seen, in words."""
        if self.seen:
            return ", ".join(self.seen)
        return "captions may name emotions" if self.captions else "none"
