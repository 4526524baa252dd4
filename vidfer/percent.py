"""Shares as people read them."""

from __future__ import annotations


def percent(share: float, digits: int = 0) -> str:
    """A share (0..1) in per cent.

    >>> percent(0.125), percent(0.125, 1)
    ('12 %', '12.5 %')
    """
    return f"{100 * share:.{digits}f} %"
