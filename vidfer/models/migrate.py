"""Settings of models that were written before each encoder and head had settings of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from vidfer.models.encoders import KNOWN_ENCODERS
from vidfer.models.heads import HEADS

OLD_NAMES_OF_ENCODERS = {"pools": "conv4_pools"}
OLD_NAMES_OF_HEADS = {"regions": "head_regions"}


def nested_model(values: Mapping[str, Any]) -> dict[str, Any]:
    """Model settings in today's form: an encoder, a head, and what belongs to both.

    Until format 1 of checkpoints they were one flat table with the options of all encoders and heads, most
    of which had no effect on the chosen ones. Those are left out.

    Args:
        values: settings as JSON, in today's form (which is returned as it is) or flat.
    """
    if not isinstance(values["encoder"], str):
        return dict(values)
    name, _, network = values["encoder"].partition(":")
    options = _options_of(KNOWN_ENCODERS[name].Settings, values, OLD_NAMES_OF_ENCODERS)
    if network:
        options["network"] = network
    if options.get("regions", ()) is None:  # was: the default of the encoder
        del options["regions"]
    if options.get("frame_attention") not in ("sigmoid", "relation"):  # had no effect on the others
        options.pop("attention_dropout", None)
    encoder, head = _defaults(KNOWN_ENCODERS[name].Settings) | options, None
    if values["head"] is not None:
        kind = HEADS[values["head"]].Settings
        head = _defaults(kind) | _options_of(kind, values, OLD_NAMES_OF_HEADS)
    shared = {option: values[option] for option in ("dropout", "whitened") if option in values}
    return {"encoder": encoder, "head": head} | shared


def _defaults(settings: type) -> dict[str, Any]:
    """Name and options of a part as JSON has them."""
    return json.loads(json.dumps(asdict(settings())))


def _options_of(settings: type, flat: Mapping[str, Any], old_names: Mapping[str, str]) -> dict[str, Any]:
    """The options of a part among flat settings."""
    named = {field.name: old_names.get(field.name, field.name) for field in fields(settings) if field.init}
    return {new: flat[old] for new, old in named.items() if old in flat}
