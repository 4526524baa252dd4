"""A checkpoint that a new model starts from, or learns from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from vidfer.errors import VidferError
from vidfer.models.checkpoint import load_checkpoint
from vidfer.models.recogniser import Recogniser
from vidfer.models.settings import ModelSettings


@dataclass(frozen=True)
class Start:
    """Another model's encoder, and what it has seen."""

    recogniser: Recogniser
    info: dict
    """What the checkpoint was saved with."""

    @property
    def seen(self) -> tuple[str, ...]:
        """Classes that it was trained on; these can never be novel again."""
        return (*self.recogniser.classes, *self.info.get("base_classes", ()))

    def model_settings(self, asked: ModelSettings, kept: Sequence[str]) -> ModelSettings:
        """Settings of the other encoder, but those in ``kept`` as ``asked``."""
        return replace(self.recogniser.settings, **{name: getattr(asked, name) for name in kept})

    def fill(self, recogniser: Recogniser) -> None:
        """Copies the encoder's weights, and the whitening that belongs to them, in place."""
        recogniser.encoder.load_state_dict(self.recogniser.encoder.state_dict())
        if self.recogniser.whitening is not None:
            recogniser.whitening.load_state_dict(self.recogniser.whitening.state_dict())


def start_from(folder: Path, novel: Sequence[str], option: str = "--init") -> Start:
    """What an option names.

    Raises:
        VidferError: no checkpoint there, or one that was trained on a novel class.
    """
    start = Start(*load_checkpoint(folder))
    if again := sorted({*novel} & {*start.seen}):
        raise VidferError(
            f"--data.novel {again[0]}: the encoder in {folder} was trained on this class; name another "
            f"{option}"
        )
    return start
