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
