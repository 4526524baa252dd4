"""What a data set must bring, so that ``--src`` can name it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vidfer.clips.clip import Clip


@dataclass(frozen=True, kw_only=True)
class Source:
    """A data set that vidfer reads: a function that finds its clips, and what a user should know first."""

    find: Callable[..., list[Clip]]
    """``find(root)`` lists the clips of a root; a source with parts is also called as ``find(root, part)``.
    It raises a DataError that tells the remedy where the root does not hold the data set."""
    layout: str
    """Where the clips lie below the root."""
    labels: str
    """Where the labels come from."""
    size: str
    """How many clips there are."""
    licence: str
    """Its terms as we know them, in our words. What the data set's own pages say counts."""
    parts: str = ""
    """What may follow the name and a colon, as in ``dfew:3``; empty where nothing may."""
    n_folds: int = 0
    """Parts 1 to ``n_folds`` are official folds: each labelled clip is ``test`` in exactly one of them."""
    marks: tuple[str, ...] = ()
    """Names that only this data set has at its root. They tell a user who named another ``--src``."""
