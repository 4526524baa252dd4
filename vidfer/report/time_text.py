"""Times as people write them."""

from __future__ import annotations


def hours(time_s: float) -> str:
    """A time in whole seconds: ``0:07``, ``12:30``, ``1:02:03``."""
    whole = int(time_s + 1e-6)
    minutes = f"{whole // 60 % 60}:{whole % 60:02d}"
    return minutes if whole < 3600 else f"{whole // 3600}:{minutes:>05}"


def clock(time_s: float) -> str:
    """A time with tenths of seconds: ``0:07.3``."""
    tenths = int(time_s * 10 + 0.5)
    return f"{hours(tenths / 10)}.{tenths % 10}"


def length(time_s: float) -> str:
    """A length of time: with tenths where it is short."""
    return clock(time_s) if time_s < 60 else hours(time_s)
