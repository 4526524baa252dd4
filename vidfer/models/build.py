"""From settings to modules, and from JSON to settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import nn

from vidfer.models.encoders import ENCODERS
from vidfer.models.encoders.base import Encoder
from vidfer.models.heads import HEADS
from vidfer.models.heads.base import Head
from vidfer.models.recogniser import Recogniser
from vidfer.models.settings import EncoderSettings, HeadSettings, ModelSettings, options_of


def build_encoder(settings: EncoderSettings) -> Encoder:
    """The encoder, with random weights from torch's global generator."""
    return _build(ENCODERS, settings)


def build_head(settings: HeadSettings | None) -> Head | None:
    """The few-shot head, or None."""
    return None if settings is None else _build(HEADS, settings)


def build_recogniser(settings: ModelSettings, classes: Sequence[str] = ()) -> Recogniser:
    """The whole model; without ``classes`` it has no classifier."""
    return Recogniser(build_encoder(settings.encoder), build_head(settings.head), classes, settings)


def model_settings(values: Mapping[str, Any]) -> ModelSettings:
    """Settings from the JSON that ``dataclasses.asdict`` of them gives.

    Raises:
        KeyError: there is no encoder or head of this name.
        TypeError: a setting has an unknown name, or one is missing.
        SettingError: a value cannot be used.
    """
    encoder, head = values["encoder"], values["head"]
    return ModelSettings(
        **values
        | {
            "encoder": _part_settings(ENCODERS, encoder),
            "head": None if head is None else _part_settings(HEADS, head),
        }
    )


def _build(parts: Mapping[str, type], settings: EncoderSettings | HeadSettings) -> nn.Module:
    """The options of a part are the arguments of its constructor."""
    arguments = {name: getattr(settings, name) for name in options_of(type(settings))}
    return parts[settings.name](**arguments)


def _part_settings(parts: Mapping[str, type], values: Mapping[str, Any]) -> Any:
    values = dict(values)
    return parts[values.pop("name")].Settings(**values)
