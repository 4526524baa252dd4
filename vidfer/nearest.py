"""Which of the known names somebody may have meant who has mistyped one."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

LIKE = 0.6
"""The least likeness of two names, 0 to 1, as :class:`difflib.SequenceMatcher` measures it."""
NEARLY = 0.15
"""A name that is less like it by more than this than the best one is not offered."""
MOST = 3
"""So many names are offered."""


def nearest(name: str, known: Iterable[str]) -> list[str]:
    """The known names that are most like a mistyped one: at most three, the best first.

    Case counts for nothing. A known name that begins with what was typed, or whose last part, behind a dot or
    space, is what was typed, comes before names that are only like it.
    """
    known, typed = list(dict.fromkeys(filter(None, known))), name.lower()
    last = typed.lstrip("-").rpartition(".")[2]
    same = [one for one in known if last and re.split(r"[. ]", one.lower().lstrip("-"))[-1] == last]
    begin = [one for one in known if len(typed.lstrip("-")) > 2 and one.lower().startswith(typed)]
    lower = {one.lower(): one for one in reversed(known)}
    alike = difflib.get_close_matches(typed, lower, MOST, LIKE)
    likeness = [difflib.SequenceMatcher(None, one, typed).ratio() for one in alike]
    alike = [lower[one] for one, ratio in zip(alike, likeness) if ratio > likeness[0] - NEARLY]
    found = list(dict.fromkeys([*same, *begin, *alike]))
    return found[:MOST]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """``"; did you mean main?"`` to put behind a message, or nothing if no known name is like it.

    >>> did_you_mean("mian", ["main", "longest"])
    '; did you mean main?'
    """
    found = nearest(name, known)
    return f"; did you mean {' or '.join(found)}?" if found else ""
