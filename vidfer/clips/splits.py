"""One name for each split, whatever a data set calls it."""

from __future__ import annotations

from vidfer.errors import DataError

SPLITS = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
    "testing": "test",
    "unlabelled": "unlabelled",
    "unlabeled": "unlabelled",
}
"""The split that a name means, in lower case: the name of a folder, of a list, or a cell of a table."""


def canonical_split(text: str, where: str) -> str | None:
    """The split that a cell of a table names; None for an empty cell.

    Args:
        where: the place of the cell, for the message.

    Raises:
        DataError: the text names no split.

    >>> canonical_split("Validation", "line 2 of clips.csv")
    'val'
    """
    if text and text.lower() not in SPLITS:
        raise DataError(f"{where} has the split '{text}'; write train, val, test, unlabelled, or nothing")
    return SPLITS[text.lower()] if text else None
