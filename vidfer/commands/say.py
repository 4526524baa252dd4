"""The one place where commands print."""

from __future__ import annotations

from typing import TextIO

from vidfer.terminal import terminal_text


def say(text: object = "", *, file: TextIO | None = None) -> None:
    """Prints a text; names from files in it cannot control the terminal (:func:`terminal_text`).

    Args:
        text: one or more lines.
        file: where to; the standard output if not given.
    """
    print(terminal_text(text), file=file)
