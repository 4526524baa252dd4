"""Model settings from names and options in one line, as tests need many of them."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from vidfer.models.encoders import KNOWN_ENCODERS
from vidfer.models.heads import HEADS
from vidfer.models.settings import ModelSettings


def network(
    encoder: str = "grouped_resnet18",
    head: str | None = "csrn",
    *,
    dropout: float = 0.5,
    whitened: bool = False,
    of_head: dict[str, Any] | None = None,
    where_known: dict[str, Any] | None = None,
    **of_encoder: Any,
) -> ModelSettings:
    """Settings of an encoder and a head by their names, with their options.

    ``encoder`` may be ``torchvision NAME`` or ``timm NAME``. Options ``where_known`` are given to encoders
    that have them.
    """
    encoder, _, of_library = encoder.partition(" ")
    kind = KNOWN_ENCODERS[encoder].Settings
    known = {field.name for field in fields(kind)}
    options = {name: value for name, value in (where_known or {}).items() if name in known} | of_encoder
    if of_library:
        options["network"] = of_library
    return ModelSettings(
        encoder=kind(**options),
        head=None if head is None else HEADS[head].Settings(**(of_head or {})),
        dropout=dropout,
        whitened=whitened,
    )


def of_recipe(model: ModelSettings) -> dict[str, Any]:
    """The settings of a recipe that describe this network."""
    return {"encoder": model.encoder, "head": model.head, "dropout": model.dropout}
