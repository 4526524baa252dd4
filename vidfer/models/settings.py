"""What a model is made of: an encoder, a head, and what belongs to both.

There is no torch here, so that a command line can be parsed without it. The settings of each encoder and
head stand in the file of that part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import ClassVar, Literal

from vidfer.crops import REGIONS
from vidfer.errors import SettingError
from vidfer.rare import Fixed, Rare

PLUS = "+"
"""Stands between the names of encoders side by side."""

INIT = "init"
"""The name, among encoders side by side, of the one that the checkpoint of ``--init`` has."""

FRAME_ATTENTIONS = ("softmax", "sigmoid", "relation", "mean")


@dataclass(frozen=True, kw_only=True)
class EncoderSettings:
    """Options that every encoder has. The settings of each encoder derive from it and set ``name``.

    Where ``regions`` or ``input_px`` can be chosen, they are fields of the encoder's settings.
    """

    name: Fixed[str] = field(init=False, default="")
    """The encoder's key in :data:`vidfer.models.encoders.ENCODERS`."""

    pretrained: Fixed[str | None] = None
    """Name in the table of pretrained encoders whose weights it starts from
    (:data:`vidfer.models.pretrained.table.PRETRAINED`); None for random weights or those of a file."""

    regions: ClassVar[tuple[str, ...]] = REGIONS
    """Regions that the encoder looks at, in the order of :data:`vidfer.crops.REGIONS`."""

    input_px: ClassVar[int | None] = None
    """Side that crops are resized to before noise is added; None leaves them as they are in the cache."""

    frozen: ClassVar[tuple[str, ...]] = ()
    """Names of the encoders side by side in this one that stay as they are in every training."""

    frame_attention: Literal["softmax", "sigmoid", "relation", "mean"] = "softmax"
    """How the frames of a clip become one vector. `softmax` weighs them by softmax(w tanh(W x)), `sigmoid` by
    FAN's normalised sigmoid(q x), `relation` by FAN's self- and relation-attention, which doubles the vector;
    `mean` weighs all alike."""

    attention_dropout: Rare[float] = 0.0
    """Dropout before the scores of FAN's frame attention (sigmoid and relation); FAN has 0.5."""

    def __post_init__(self) -> None:
        check_choice("--encoder.frame-attention", self.frame_attention, FRAME_ATTENTIONS)
        if not 0 <= self.attention_dropout < 1:
            raise SettingError(
                f"--encoder.attention-dropout {self.attention_dropout}: give a share from 0 to below 1"
            )
        if self.attention_dropout and self.frame_attention not in ("sigmoid", "relation"):
            raise SettingError(
                f"--encoder.attention-dropout {self.attention_dropout}: --encoder.frame-attention "
                f"{self.frame_attention} has no dropout; choose sigmoid or relation, or leave it out"
            )
        # Always in the one order; a config file gives a list.
        object.__setattr__(self, "regions", ordered_regions(self.regions))
        if self.input_px is not None and self.input_px < 32:
            raise SettingError(
                f"--encoder.input-px {self.input_px}: give at least 32 pixels, or leave it out"
            )

    @property
    def side_by_side(self) -> Mapping[str, EncoderSettings]:
        """Settings of the encoders that stand side by side in this one, by name; none for a single one."""
        return {}

    @property
    def title(self) -> str:
        """Its name, or the names of those side by side with ``+`` between them."""
        return PLUS.join(self.side_by_side) or self.name

    @property
    def map_regions(self) -> tuple[str, ...]:
        """Regions of its maps, in order."""
        return self.regions


@dataclass(frozen=True, kw_only=True)
class HeadSettings:
    """Options of a few-shot head. The settings of each head derive from it and set ``name``."""

    name: Fixed[str] = field(init=False, default="")
    """The head's key in :data:`vidfer.models.heads.HEADS`."""

    def check_regions(self, seen: Sequence[str]) -> None:
        """Raise a SettingError if the head needs another region than the encoder looks at."""


@dataclass(frozen=True, kw_only=True)
class ModelSettings:
    """The network, from crops to scores."""

    encoder: EncoderSettings
    """Settings of the encoder, which name it too."""

    head: HeadSettings | None = None
    """Settings of the few-shot head, which name it too; None is a model without a head."""

    dropout: float = 0.5
    """Dropout before the classifier. Noisy Student FER and FAN have 0.5; FAN with relation attention has
    0.6."""

    whitened: bool = False
    """The vector is standardised. A recipe fits this and sets it (recipes/fewshot.py --standardise); older
    checkpoints may hold a whitening instead."""

    def __post_init__(self) -> None:
        if not 0 <= self.dropout < 1:
            raise SettingError(f"--dropout {self.dropout}: give a share of at least 0 and below 1")
        if self.head is not None:
            self.head.check_regions(self.encoder.map_regions)


def ordered_regions(regions: Sequence[str]) -> tuple[str, ...]:
    """Regions in the order of :data:`vidfer.crops.REGIONS`.

    Raises:
        SettingError: if there is none, one twice, or an unknown one.
    """
    if not 0 < len(regions) == len(set(regions)) or not set(regions) <= set(REGIONS):
        raise SettingError(
            f"--encoder.regions {' '.join(map(str, regions))}: choose some of {' '.join(REGIONS)}, each once"
        )
    return tuple(region for region in REGIONS if region in regions)


def check_choice(option: str, value: object, choices: Sequence[object]) -> None:
    """Raise a SettingError unless the value of an option is one of the choices."""
    if value not in choices:
        raise SettingError(f"{option} {value}: choose {', '.join(map(str, choices))}")


def options_of(settings: type) -> list[str]:
    """Names of the options of a part of a model, from the class of its settings."""
    return [field.name for field in fields(settings) if field.init and field.name != "pretrained"]
