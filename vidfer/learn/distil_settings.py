"""Settings of a distillation; free of torch, so that a command line can parse them at once."""

from __future__ import annotations

import math
from dataclasses import dataclass

from vidfer.errors import SettingError
from vidfer.rare import Rare


@dataclass(frozen=True, kw_only=True)
class DistilSettings:
    """Beside its labels the network learns what another encoder sees in the clips; see docs/training.md."""

    encoder: Rare[str | None] = None
    """The other encoder: the name of a pretrained one, such as face_landmarker, or the folder of a
    checkpoint. The unlabelled clips of --cache take part."""
    weight: Rare[float] = 5.0
    """How much its features count beside the labels; more than 1, as their loss is small
    (docs/results/base4.md)."""

    def __post_init__(self) -> None:
        if not 0 < self.weight < math.inf:
            raise SettingError(f"--distil.weight {self.weight}: must be a number greater than 0")

    def check_trains(self, freeze_encoder: bool) -> None:
        """Raise a SettingError if the network that is to learn stays as it is."""
        if self.encoder is not None and freeze_encoder:
            raise SettingError("--distil.encoder trains the encoder; leave out --freeze-encoder")
