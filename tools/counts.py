"""Numbers of a tool's settings that must not be too small, and lists of them that must not be empty."""

from __future__ import annotations

from vidfer.errors import VidferError


def check_counts(settings: object, *names: str, least: int = 1) -> None:
    """Raise a VidferError for a setting below ``least``, and for a tuple of them with such a one or none."""
    for name in names:
        value, option = getattr(settings, name), f"--{name.replace('_', '-')}"
        numbers = value if isinstance(value, tuple) else (value,)
        if not numbers:
            raise VidferError(f"{option}: give one or more, or leave it out")
        for number in numbers:
            if number < least:
                raise VidferError(f"{option} {number}: give {least} or more")
