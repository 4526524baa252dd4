"""The options of a program, as its help page shows them and as its command line is checked by them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import Action, ArgumentParser
    from collections.abc import Collection

NONE = "None"
"""What tyro shows, and takes, for no value."""

PLACEHOLDERS = {
    "base-labels": "LABEL",
    "background": "NAME",
    "classes": "CLASS",
    "clip": "ID",
    "device": "DEVICE",
    "end": "SECONDS",
    "fold": "FOLD",
    "host": "ADDRESS",
    "label": "LABEL",
    "licence": "TEXT",
    "novel": "CLASS",
    "novel-labels": "LABEL",
    "shard": "I/N",
    "start": "SECONDS",
    "subject-pattern": "PATTERN",
    "webcam": "CAMERA",
}
"""What stands for the value of an option where its type does not say enough, by the last part of its name."""

OF_UNITS = {"s": "SECONDS", "seconds": "SECONDS", "px": "PIXELS", "mb": "MEGABYTES"}
OF_TYPES = {"INT": "N", "FLOAT": "NUMBER", "PATH": "PATH", "STR": "NAME"}


@dataclass(frozen=True, kw_only=True)
class Option:
    """An option, or a value without one (an argument)."""

    names: tuple[str, ...]
    """As they are typed, such as ``--device``; none for an argument."""
    dest: str
    """Its name in the settings, with hyphens."""
    kinds: tuple[str, ...]
    """``INT``, ``FLOAT``, ``PATH`` or ``STR`` for each value; one kind if it takes any number of values."""
    count: int | None
    """How many values it takes; None for any number."""
    choices: tuple[str, ...]
    """The values that it takes, if they are a list."""
    optional: bool
    """Whether it also takes ``None``."""
    required: bool
    default: str
    """Its default as text; empty if that says nothing."""
    help: str

    @property
    def is_flag(self) -> bool:
        return bool(self.names) and self.count == 0

    @property
    def is_on(self) -> bool:
        """Whether it is a flag that is set by default."""
        return self.is_flag and self.default == "True"

    @property
    def placeholder(self) -> str:
        """What stands for its value, such as ``PATH``; empty for a flag."""
        if self.is_flag:
            return ""
        last = self.dest.rpartition(".")[2]
        if not self.names:
            name = (last[:-1] if self.count is None else last).upper()
        elif last in PLACEHOLDERS:
            name = PLACEHOLDERS[last]
        elif self.kinds[0] in ("INT", "FLOAT") and last.rpartition("-")[2] in OF_UNITS:
            name = OF_UNITS[last.rpartition("-")[2]]
        else:
            name = OF_TYPES[self.kinds[0]]
        return f"{name} ..." if self.count is None else " ".join([name] * max(1, self.count))

    @property
    def shown_names(self) -> str:
        """Its names; of a flag and its opposite, which is the default, only the flag."""
        names = self.names[:1] if self.is_flag and not self.is_on else self.names
        return ", ".join(names)

    @property
    def typed(self) -> str:
        """How it is typed, such as ``--out PATH``."""
        return " ".join(filter(None, (self.shown_names, self.placeholder)))


@dataclass(frozen=True, kw_only=True)
class Group:
    """Options that belong together, under a heading."""

    title: str
    about: str
    options: tuple[Option, ...]


def groups_of(parser: ArgumentParser, required: Collection[str] = ()) -> list[Group]:
    """The options of a parser that tyro has made, without ``--help``.

    Args:
        parser: tyro's.
        required: fields without a default. To tyro an argument of any number of values is never required.
    """
    found = []
    for group in parser._action_groups:
        options = tuple(_option(action, required) for action in group._group_actions if action.dest != "help")
        if options:
            title = "arguments" if group.title == "positional arguments" else group.title or "options"
            title = title.removesuffix(" options")
            found.append(Group(title=title, about=_one_line(group.description), options=options))
    return found


def _option(action: Action, needed: Collection[str]) -> Option:
    text = _one_line(action.help)
    told = re.search(r" ?\((required|default: (.*))\)$", text)
    default = (told[2] or "") if told else ""
    metavar = action.metavar if isinstance(action.metavar, str) else ""
    inner = metavar.replace("[[", "[").removeprefix("[").split(" [")[0]  # of a list, what is repeated
    choices = tuple(part for found in re.findall(r"\{(.*?)\}", inner) for part in found.split(","))
    kinds = tuple(re.findall(r"INT|FLOAT|PATH|STR", re.sub(r"\{.*?\}\|?", "", inner))) or ("STR",)
    n_values = action.nargs if isinstance(action.nargs, int) else None
    return Option(
        names=tuple(action.option_strings),
        dest=action.dest if action.option_strings else action.dest.replace("_", "-"),
        kinds=kinds,
        count=n_values,
        choices=tuple(one for one in choices if one != NONE),
        optional=NONE in choices,
        required=bool(told and told[1] == "required") or action.dest in needed,
        default="" if default in (NONE, "''") else default,
        help=text[: told.start()] if told else text,
    )


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split())
