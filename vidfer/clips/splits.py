"""One name for each split, whatever a data set calls it."""

from __future__ import annotations

import re

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
"""The split that a word means, in lower case."""

WORDS_BESIDE = r"(?:data|set|dataset|split|images|videos|clips|faces)"
"""What may stand before or after the word in the name of a folder, as in ``val_data`` and ``trainset``."""


def split_of_name(name: str) -> str | None:
    """The split that the name of a folder or a cell of a table means; None for any other name.

    >>> split_of_name("trainset"), split_of_name("Validation Data"), split_of_name("testament")
    ('train', 'val', None)
    """
    plain = re.sub(r"[\W_]+", "", name.lower())
    match = re.fullmatch(rf"{WORDS_BESIDE}?({'|'.join(SPLITS)}){WORDS_BESIDE}?", plain)
    return SPLITS[match[1]] if match else None


def canonical_split(text: str, where: str) -> str | None:
    """The split that a cell of a table names; None for an empty cell.

    Args:
        where: the place of the cell, for the message.

    Raises:
        DataError: the text names no split.

    >>> canonical_split("Validation", "line 2 of clips.csv")
    'val'
    """
    split = split_of_name(text)
    if text and split is None:
        raise DataError(f"{where} has the split '{text}'; write train, val, test, unlabelled, or nothing")
    return split
