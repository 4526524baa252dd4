"""The one place where commands print."""

from __future__ import annotations

from typing import TextIO

from vidfer.terminal import coloured_text, terminal_text


def say(text: object = "", *, file: TextIO | None = None, coloured: bool = False) -> None:
    """Prints a text; names from files in it cannot control the terminal (:func:`terminal_text`).

    Args:
        text: one or more lines.
        file: where to; the standard output if not given.
        coloured: the text sets colours itself (:func:`vidfer.terminal.coloured_text`).
    """
    print(coloured_text(text) if coloured else terminal_text(text), file=file)
