"""The table of pretrained encoders. There is no torch here, so that a command shows it at once."""

from __future__ import annotations

from collections.abc import Mapping

from vidfer.errors import SettingError
from vidfer.models.pretrained.row import Pretrained
from vidfer.models.pretrained.with_captions import CAPTIONS
from vidfer.models.pretrained.with_expressions import EXPRESSIONS
from vidfer.models.pretrained.without_labels import FACES, PICTURES, TORCHVISION
from vidfer.nearest import did_you_mean

GROUPS: Mapping[str, tuple[Pretrained, ...]] = {
    "No expression labels, from faces": FACES,
    "No expression labels, from pictures of anything": (*PICTURES, *TORCHVISION),
    "Captions, which may name emotions": CAPTIONS,
    "Expression labels": EXPRESSIONS,
}
"""Headings of the table, by what the encoders have learned from."""

PRETRAINED: dict[str, Pretrained] = {row.name: row for rows in GROUPS.values() for row in rows}
"""Every pretrained encoder by its name."""


def pretrained(name: str) -> Pretrained:
    """The row of this name.

    Raises:
        SettingError: there is none.
    """
    if name not in PRETRAINED:
        meant = did_you_mean(name, PRETRAINED)
        raise SettingError(f"there is no pretrained encoder {name}; `vidfer encoders` lists them{meant}")
    return PRETRAINED[name]
