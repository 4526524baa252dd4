"""From settings to modules, and from JSON to settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import nn

from vidfer.errors import SettingError
from vidfer.models.encoders import KNOWN_ENCODERS
from vidfer.models.encoders.base import Encoder
from vidfer.models.encoders.side_by_side import SideBySideEncoder
from vidfer.models.encoders.side_by_side_settings import SideBySideSettings, side_by_side
from vidfer.models.heads import HEADS
from vidfer.models.heads.base import Head
from vidfer.models.recogniser import Recogniser
from vidfer.models.settings import EncoderSettings, HeadSettings, ModelSettings, options_of


def build_encoder(settings: EncoderSettings) -> Encoder:
    """The encoder, with random weights from torch's global generator."""
    if settings.side_by_side:
        built = {name: build_encoder(one) for name, one in settings.side_by_side.items()}
        return SideBySideEncoder(built, settings.frozen)
    return _build(KNOWN_ENCODERS, settings)


def build_head(settings: HeadSettings | None) -> Head | None:
    """The few-shot head, or None."""
    return None if settings is None else _build(HEADS, settings)


def build_recogniser(settings: ModelSettings, classes: Sequence[str] = ()) -> Recogniser:
    """The whole model; without ``classes`` it has no classifier."""
    return Recogniser(build_encoder(settings.encoder), build_head(settings.head), classes, settings)


def model_settings(values: Mapping[str, Any]) -> ModelSettings:
    """Settings from the JSON that ``dataclasses.asdict`` of them gives.

    Raises:
        KeyError: the encoder or the head is missing.
        TypeError: a setting has an unknown name, or one is missing.
        SettingError: there is no encoder or head of this name, or a value cannot be used.
    """
    encoder, head = values["encoder"], values["head"]
    return ModelSettings(
        **values
        | {
            "encoder": encoder_settings(encoder),
            "head": None if head is None else _part_settings(HEADS, head),
        }
    )


def encoder_settings(values: Mapping[str, Any]) -> EncoderSettings:
    """Settings of an encoder, or of several side by side, from JSON; raises as :func:`model_settings`."""
    if values["name"] == SideBySideSettings.name:
        parts = {name: encoder_settings(one) for name, one in values.items() if isinstance(one, Mapping)}
        if not parts:
            raise KeyError("the encoders side by side")
        return side_by_side(parts, values["frozen"])
    return _part_settings(KNOWN_ENCODERS, values)


def _build(parts: Mapping[str, type], settings: EncoderSettings | HeadSettings) -> nn.Module:
    """The options of a part are the arguments of its constructor."""
    arguments = {name: getattr(settings, name) for name in options_of(type(settings))}
    return parts[settings.name](**arguments)


def _part_settings(parts: Mapping[str, type], values: Mapping[str, Any]) -> Any:
    values = dict(values)
    if (name := values.pop("name")) not in parts:
        raise SettingError(
            f"it has no encoder or head '{name}'; add one of your own before, as docs/extending.md says"
        )
    return parts[name].Settings(**values)
