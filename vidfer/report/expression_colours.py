"""Colours and letters of expressions: the same in films, on pages and in the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from vidfer.infer.moment import UNSURE

NONE_OF_THESE = "none of these"
"""The label of a face that shows none of a user's own expressions."""

KNOWN = {
    "angry": "#D55E00",
    "contempt": "#9A7447",
    "disgust": "#1FA37A",
    "fear": "#B565C4",
    "happy": "#F0B400",
    "neutral": "#7F93AD",
    "sad": "#3F7FDB",
    "surprise": "#3FC1E8",
}
"""Near those of Okabe and Ito (2008), which readers with any colour vision can tell apart. Lightness differs
too. They can be read on white and on black."""

OTHERS = ("#E0559A", "#8CBF26", "#6C6FD8", "#C9A227", "#2FB5A5", "#E57A44", "#A05C9E", "#5FA8D3", "#B0483F")
"""For all other expressions, in the order of their columns."""

UNSURE_COLOUR = "#868D97"
NONE_COLOUR = "#B9A78C"

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


def colours_of(classes: Sequence[str]) -> dict[str, str]:
    """The colour of each label, ``#rrggbb``: of the expressions, of ``unsure`` and of ``none of these``."""
    classes = [name for name in classes if name != NONE_OF_THESE]  # an expression of its own with examples
    others = [name for name in classes if name not in KNOWN]
    chosen = {name: OTHERS[place % len(OTHERS)] for place, name in enumerate(others)}
    named = {name: KNOWN.get(name) or chosen[name] for name in classes}
    return {UNSURE: UNSURE_COLOUR, NONE_OF_THESE: NONE_COLOUR} | named


def letters_of(classes: Sequence[str]) -> dict[str, str]:
    """A capital letter or digit for each expression, no two the same as long as there are enough.

    It is the first letter of the name that is still free, or else any free one.

    >>> letters_of(("happy", "sad", "surprise"))
    {'happy': 'H', 'sad': 'S', 'surprise': 'U'}
    """
    letters: dict[str, str] = {}
    for name in classes:
        free = [sign for sign in LETTERS if sign.upper() not in letters.values()]
        own = [sign for sign in name.lower() if sign in free]
        letters[name] = (own + free + ["?"])[0].upper()
    return letters


@lru_cache(256)
def rgb_of(colour: str) -> tuple[int, int, int]:
    """Red, green and blue, 0..255, of ``#rrggbb``."""
    return tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))


def ink_on(colour: str) -> str:
    """Black or white, whichever is read better on a colour (WCAG 2.1, relative luminance)."""
    linear = [
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in (part / 255 for part in rgb_of(colour))
    ]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#000000" if luminance > 0.179 else "#ffffff"
