"""One name for each expression, whatever a data set calls it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from vidfer.errors import VidferError

BASIC = ("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise")
"""The seven basic expressions, in the order of the alphabet, which is also their order in every table."""

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
"""Other names to canonical ones. ``calm`` (RAVDESS) is nobody's synonym: it stays apart from ``neutral``."""


def canonical_label(name: str) -> str:
    """The canonical name of an expression: lower case, ``_`` for spaces and hyphens, synonyms to one name.

    Compound names (``Happily Surprised``) and names that vidfer does not know are kept as they are otherwise.

    >>> canonical_label("Happiness"), canonical_label("Happily-Surprised")
    ('happy', 'happily_surprised')
    """
    plain = re.sub(r"[\s\-_]+", "_", name.strip().lower()).strip("_")
    return SYNONYMS.get(plain, plain)


def is_expression(name: str) -> bool:
    """Whether this name surely means an expression: a basic one, contempt or calm, by any synonym."""
    return canonical_label(name) in (*BASIC, "contempt", "calm")


def numbered_label(text: str, labels: Mapping[int, str], where: str) -> str:
    """The label that a data set writes as a number, such as ``3`` or ``3.0000000e+00``.

    Args:
        labels: the data set's own numbers.
        where: the file, and the line if it has many, for the message.

    Raises:
        VidferError: no number, or none of the data set's.
    """
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if number not in labels:
        known = ", ".join(f"{key} {name}" for key, name in labels.items())
        raise VidferError(f"{where} has the label '{text.strip()[:20]}'; the labels are {known}")
    return labels[int(number)]
