"""A mark for settings that no command line asks for."""

from __future__ import annotations

from typing import Any


def no_option() -> Any:
    """For ``Annotated[..., no_option()]``, which is evaluated by nobody but who parses a command line."""
    import tyro

    return tyro.conf.Suppress
