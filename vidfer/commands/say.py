"""The one place where commands print."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from vidfer.terminal import CONTROLS, coloured_text, terminal_text

if TYPE_CHECKING:
    from accelerate import Accelerator


@dataclass
class Output:
    """What the user wants to read."""

    quiet: bool = False
    """Only errors and the place of the result."""
    json: bool = False
    """One JSON object on standard output, and everything else on standard error."""
    is_left: bool = False
    """Who has read the standard output has ended; nobody sees what is printed from now on."""


output = Output()
"""Of this process; :func:`vidfer.commands.console.parse` sets it."""


def is_quiet() -> bool:
    """Whether neither progress nor notes are wanted."""
    return output.quiet


def say(text: object = "", *, file: TextIO | None = None, coloured: bool = False) -> None:
    """Prints a text; names from files in it cannot control the terminal (:func:`terminal_text`).

    Args:
        text: one or more lines.
        file: where to. If not given, the standard output, and the standard error where that is for JSON.
        coloured: the text sets colours itself (:func:`vidfer.terminal.coloured_text`).
    """
    if file is None and output.json:
        file = sys.stderr
    stream = sys.stdout if file is None else file
    encoding = stream.encoding or "utf-8"
    shown = coloured_text(text) if coloured else terminal_text(text)
    # A stream of plain ASCII, as in some batch jobs, shows other letters as their codes.
    try:
        print(shown.encode(encoding, "backslashreplace").decode(encoding), file=stream)
    except BrokenPipeError:
        _let_go(stream)


def is_read() -> bool:
    """Whether somebody still reads the standard output; what was printed so far is handed over first."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _let_go(sys.stdout)
    return not output.is_left


def _let_go(stream: TextIO) -> None:
    """The reader has ended, as in ``vidfer predict films | head -1``: the work goes on without one."""
    output.is_left |= stream is sys.stdout
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def note(text: object) -> None:
    """Prints what a user may want to know on standard error, unless --quiet is given."""
    if not output.quiet:
        say(text, file=sys.stderr)


def tell(text: object) -> None:
    """Prints a line about a result, unless --quiet is given."""
    if not output.quiet:
        say(text)


def json_text(value: Any) -> str:
    r"""A value as JSON that a terminal only shows: what would control it is written as ``\u009b``.

    Args:
        value: of what JSON has; paths become texts.
    """
    ascii_only = "utf" not in (sys.stdout.encoding or "utf-8").lower()
    text = json.dumps(value, indent=1, ensure_ascii=ascii_only, default=str)
    return CONTROLS.sub(lambda found: found[0] if found[0] == "\n" else f"\\u{ord(found[0]):04x}", text)


def give(*results: Path | str, **facts: Any) -> None:
    """The end of a command: with --json its facts as one object, with --quiet the places of its results.

    Args:
        results: files or folders that were written.
        facts: what the command has found, as JSON has it; paths become texts.
    """
    if output.json:
        places = {"results": [str(result) for result in results]} if results else {}
        say(json_text(places | facts), file=sys.stdout)
    elif output.quiet:
        for result in results:
            say(result)


def tell_first(accelerator: Accelerator, text: object) -> None:
    """As :func:`tell`, in the first of the processes that train together."""
    if accelerator.is_main_process:
        tell(text)


def give_first(accelerator: Accelerator, *results: Path | str, **facts: Any) -> None:
    """As :func:`give`, in the first of the processes that train together."""
    if accelerator.is_main_process:
        give(*results, **facts)
