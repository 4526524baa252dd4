"""The line about a source in ``vidfer sources``."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class About:
    """What a user must know before choosing a source."""

    layout: str
    """Where the clips lie below the root."""
    labels: str
    """Where labels come from."""
    size: str
    licence: str
    """Its terms as we know them, in our words; the data set's own words count."""
    parts: str = ""
    """What may stand behind the source's name and a colon, as in ``dfew:3``; empty when nothing may."""
