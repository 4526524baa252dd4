"""Options of the encoders around a published network: how its pictures were normalised."""

from __future__ import annotations

from dataclasses import dataclass

from vidfer.errors import SettingError
from vidfer.models.encoders.staged_settings import StagedSettings
from vidfer.models.pretrained.row import IMAGENET_MEAN, IMAGENET_STD
from vidfer.rare import Rare


@dataclass(frozen=True, kw_only=True)
class PublishedSettings(StagedSettings):
    """Options of an encoder whose image network comes from a library."""

    mean: Rare[tuple[float, float, float]] = IMAGENET_MEAN
    """Mean of red, green and blue, in [0, 1], which is taken away; as the weights were trained. By default
    ImageNet's."""

    std: Rare[tuple[float, float, float]] = IMAGENET_STD
    """What red, green and blue are then divided by, above 0."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for option in ("mean", "std"):  # a config file gives lists
            object.__setattr__(self, option, tuple(getattr(self, option)))
            shown = f"--encoder.{option} {' '.join(map(str, getattr(self, option)))}"
            least = 0 if option == "mean" else 1e-3
            if len(getattr(self, option)) != 3 or not all(least <= v <= 1 for v in getattr(self, option)):
                raise SettingError(f"{shown}: give three numbers from {least} to 1, such as 0.5 0.5 0.5")
