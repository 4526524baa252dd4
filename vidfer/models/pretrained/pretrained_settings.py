"""From the name of a pretrained encoder to the settings of the network that its weights fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vidfer.errors import SettingError
from vidfer.models.pretrained.table import pretrained


def pretrained_settings(name: str, kinds: Mapping[str, type], option: str = "--encoder") -> Any:
    """Settings of a pretrained encoder: the network, size and normalisation that belong to its weights.

    Args:
        name: in :data:`vidfer.models.pretrained.table.PRETRAINED`.
        kinds: the settings class of each encoder by its name.
        option: what the user typed before the name, for messages.

    Raises:
        SettingError: there is no pretrained encoder of this name, or vidfer does not read it.
    """
    row = pretrained(name)
    if row.encoder not in kinds:
        raise SettingError(
            f"{option} {name}: vidfer does not read these weights; `vidfer encoders` lists others"
        )
    return kinds[row.encoder](pretrained=name, **row.options)
