"""One name for each expression, whatever a data set calls it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from vidfer.errors import DataError

BASIC = ("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise")
"""The seven basic expressions in alphabetical order, which is their order in every table."""

SYNONYMS = {
    "anger": "angry",
    "disgusted": "disgust",
    "afraid": "fear",
    "fearful": "fear",
    "happiness": "happy",
    "joy": "happy",
    "sadness": "sad",
    "surprised": "surprise",
    "contemptuous": "contempt",
}
"""The canonical name of each synonym. ``calm`` (RAVDESS) has none: it is not the same as ``neutral``."""


def canonical_label(name: str) -> str:
    """The canonical name of an expression: in lower case, with ``_`` for spaces and hyphens.

    Synonyms get one name. Compound names (``Happily Surprised``) and unknown names keep their words.

    >>> canonical_label("Happiness"), canonical_label("Happily-Surprised")
    ('happy', 'happily_surprised')
    """
    plain = re.sub(r"[\s\-_]+", "_", name.strip().lower()).strip("_")
    return SYNONYMS.get(plain, plain)


def is_expression(name: str) -> bool:
    """Whether a name means a basic expression, contempt or calm, by any synonym."""
    return canonical_label(name) in (*BASIC, "contempt", "calm")


def label_of_number(text: str, labels: Mapping[int, str], where: str) -> str:
    """The label that a data set writes as a number, such as ``3`` or ``3.0000000e+00``.

    Args:
        labels: the label of each number in this data set.
        where: the place of the number, for the message.

    Raises:
        DataError: the text is no number, or the data set has no such number.
    """
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if number not in labels:
        known = ", ".join(f"{key} {name}" for key, name in labels.items())
        raise DataError(f"{where} has the label '{text.strip()[:20]}'; the labels are {known}")
    return labels[int(number)]
