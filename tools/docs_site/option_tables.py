"""The options of a parser as Markdown: a table for each group, and those that few people need folded."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape

FOLDED = '??? note "Options that few people need"'

_END = re.compile(r"\s*\((default|required|optional|repeatable)\b:?\s*((?:[^()]|\([^()]*\))*)\)\s*$")


@dataclass(frozen=True)
class Option:
    """One option of a command, in the words of its help."""

    name: str
    """Its longest spelling, or the name of a positional argument."""
    value: str
    meaning: str
    default: str
    required: bool


Groups = dict[str, tuple[str, list[Option]]]
"""Description and options of each group, by its title."""


def groups_of(parser: argparse.ArgumentParser) -> Groups:
    """The options of a parser, group by group, without ``--help``."""
    found = {}
    for group in parser._action_groups:
        options = [_option(action) for action in group._group_actions if action.dest != "help"]
        if options:
            found[group.title or ""] = (" ".join((group.description or "").split()), options)
    return found


def _option(action: argparse.Action) -> Option:
    text = " ".join((action.help or "").split())
    default, required = "", False
    if end := _END.search(text):
        text, required = text[: end.start()], end[1] == "required"
        default = end[2] if end[1] == "default" else ""
    value = _value(action.metavar) if isinstance(action.metavar, str) else ""
    if action.option_strings:
        name = action.option_strings[-1]
    else:  # a positional argument; of its value only the dots of a list say something
        name, value = str(action.dest).upper(), "..." if value.endswith("...") else ""
    return Option(name, value, text, "" if default == "None" else default, required)


def _value(metavar: str) -> str:
    """What an option takes: ``a | b`` for a choice, ``PATH ...`` for a list."""
    text = metavar.replace("{None}|", "").replace("|{None}", "")
    text = re.sub(r"\[(\S+) \[\1 \.\.\.\]\]", r"\1 ...", text)
    return " | ".join(re.split(r",|\|", text.strip("{}")))


def usage(program: str, parser: argparse.ArgumentParser) -> str:
    """The program with what it must be given."""
    words = [program]
    every = [option for _, options in groups_of(parser).values() for option in options]
    for option in every:
        if not option.name.startswith("-"):
            words += [option.name, option.value] if option.value else [option.name]
        elif option.required:
            words.append(f"{option.name} {option.value}".strip())
    optional = any(option.name.startswith("-") and not option.required for option in every)
    return " ".join([*words, "[options]"] if optional else words)


def option_pages(short: Groups, every: Groups, keep: Callable[[str], bool] = bool) -> str:
    """Tables of all options; those that are not in ``short`` are folded.

    Args:
        short: as ``--help`` shows them.
        every: as ``--help-all`` shows them.
        keep: whether an option of this name belongs on the page.
    """
    usual = {option.name for _, options in short.values() for option in options}
    parts = []
    for title, (about, options) in every.items():
        kept = [option for option in options if keep(option.name)]
        if not kept:
            continue
        plain = title in ("options", "positional arguments")
        heading = {"options": "Options", "positional arguments": "Arguments"}.get(title, title.capitalize())
        parts += [f"## {heading}" if plain else f"### {heading}", about]
        parts.append(_table([option for option in kept if option.name in usual]))
        if rare := [option for option in kept if option.name not in usual]:
            parts += [FOLDED, _indented(_table(rare))]
    return "\n\n".join(part for part in parts if part)


def _table(options: list[Option]) -> str:
    return "\n".join(_rows(options)) if options else ""


def _rows(options: list[Option]) -> Iterator[str]:
    yield "| option | meaning | default |"
    yield "|---|---|---|"
    for option in options:
        spelling = f"{option.name} {option.value}".strip()
        default = "**required**" if option.required else _code(option.default) if option.default else ""
        yield f"| {_code(spelling)} | {text_cell(option.meaning)} | {default} |"


def _code(text: str) -> str:
    return f"<code>{escape(text).replace('|', '&#124;')}</code>"


def text_cell(text: str) -> str:
    """A sentence of the help in a cell of a table: code in backticks stays code, all else is plain text."""
    parts = re.split(r"`([^`]*)`", text)
    plain = [re.sub(r"([\\*_\[\]<>#|$])", r"\\\1", part).replace(r"\|", "&#124;") for part in parts]
    return "".join(_code(part) if number % 2 else plain[number] for number, part in enumerate(parts))


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" if line else "" for line in text.splitlines())
