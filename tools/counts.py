"""Checks of the numbers in a tool's settings: none too small, no list of them empty."""

from __future__ import annotations

from vidfer.errors import SettingError


def check_counts(settings: object, *names: str, least: int = 1) -> None:
    """Refuse a number below ``least``, and an empty tuple.

    Args:
        settings: dataclass of a tool.
        names: of its fields to check, each a number or a tuple of numbers.
        least: the least allowed number.

    Raises:
        SettingError: see above; the message names the option.
    """
    for name in names:
        value, option = getattr(settings, name), f"--{name.replace('_', '-')}"
        numbers = value if isinstance(value, tuple) else (value,)
        if not numbers:
            raise SettingError(f"{option}: give one or more, or leave it out")
        for number in numbers:
            if number < least:
                raise SettingError(f"{option} {number}: give {least} or more")
