"""What a command says when Ctrl-C has stopped it: how far it has come, and how to go on."""

from __future__ import annotations

import os
from dataclasses import dataclass

from vidfer.commands.progress_lines import plural
from vidfer.commands.recipes import RECIPES

AGAIN = "Start the same command again to go on."
RESUME = "Start the same command with --resume to go on."
ANEW = "What was there before is as it was; the same command starts anew."

GO_ON = {
    "cache": AGAIN,
    "predict": AGAIN,
    "actors": AGAIN,
    "verify": "The cache is as it was. Start the same command again; --repair keeps what it has made.",
    **{f"train {recipe}": RESUME for recipe in RECIPES},
}
"""For each command of the program ``vidfer`` that goes on where it was: how. All others start anew."""


@dataclass
class Position:
    """How far the work has come that is shown at last."""

    what: str = ""
    unit: str = ""
    done: int = 0
    total: int = 0
    go_on: str = ""
    """What was reached and how to go on, of a command where that changes while it works."""


position = Position()
"""Of this process."""


def step(what: str, unit: str, done: int, total: int) -> None:
    """Remember how far the work has come."""
    position.what, position.unit, position.done, position.total = what, unit, done, total


def go_on_so(text: str) -> None:
    """Remember what :func:`stopped_text` says from now on about how to go on."""
    position.go_on = text


def stopped_text(command: str) -> str:
    """The message for a command of the program ``vidfer``, without its name.

    Such as ``stopped; 312 of 1,200 clips are done. Start the same command again to go on.`` It is empty in a
    process that is not the first of several.
    """
    if os.environ.get("RANK", "0") != "0":
        return ""
    now = position
    go_on = now.go_on or GO_ON.get(command, ANEW)
    if go_on != AGAIN or now.total == 0:
        return f"stopped. {go_on}"
    of = f" of {now.what}" if now.unit == "frame" else ""
    return f"stopped; {now.done:,} of {now.total:,} {plural(now.unit)}{of} are done. {go_on}"
