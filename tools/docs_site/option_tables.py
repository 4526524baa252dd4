"""The options of a help page as Markdown: a table for each group, and those that few people need folded."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from html import escape

from vidfer.commands.help_page import Example, broken, choices_text
from vidfer.commands.options import Group, Option

WIDEST = 92
"""Letters in a line of an example."""

FOLDED = '??? note "Options that few people need"'


def option_pages(short: Sequence[Group], every: Sequence[Group], keep: Callable[[str], bool] = bool) -> str:
    """Tables of all options; those that are not in ``short`` are folded.

    Args:
        short: as ``--help`` shows them.
        every: as ``--help-all`` shows them.
        keep: whether an option of this name belongs on the page.
    """
    usual = {name_of(option) for group in short for option in group.options}
    parts = []
    for group in every:
        kept = [option for option in group.options if keep(name_of(option))]
        if not kept:
            continue
        heading = group.title.removesuffix(" options").capitalize()
        parts += [f"## {heading}" if heading in ("Options", "Arguments") else f"### {heading}", group.about]
        parts.append(_table([option for option in kept if name_of(option) in usual]))
        if rare := [option for option in kept if name_of(option) not in usual]:
            parts += [FOLDED, _indented(_table(rare))]
    return "\n\n".join(part for part in parts if part)


def example_block(examples: Sequence[Example]) -> str:
    """Command lines to copy, each below what it does."""
    if not examples:
        return ""
    parts = ["\n".join([f"# {what}", *broken(command, WIDEST)]) for command, what in examples]
    return "## Examples\n\n```sh\n" + "\n\n".join(parts) + "\n```"


def name_of(option: Option) -> str:
    """As it is typed; of an argument, its name."""
    return option.names[0] if option.names else option.dest.upper()


def _table(options: list[Option]) -> str:
    return "\n".join(_rows(options)) if options else ""


def _rows(options: list[Option]) -> Iterator[str]:
    defaults = [_default(option) for option in options]
    has_defaults = any(defaults)
    yield "| option | meaning |" + " default |" * has_defaults
    yield "|---|---|" + "---|" * has_defaults
    for option, default in zip(options, defaults):
        spelling = f"{option.names[0]} {option.placeholder}".strip() if option.names else option.placeholder
        meaning = f"{option.help} ({choices_text(option)})" if choices_text(option) else option.help
        yield f"| {_code(spelling)} | {text_cell(meaning)} |" + f" {default} |" * has_defaults


def _default(option: Option) -> str:
    told = option.default if not option.is_flag else "on" * option.is_on
    return "**required**" if option.required else _code(told) if told else ""


def _code(text: str) -> str:
    return f"<code>{escape(text).replace('|', '&#124;')}</code>"


def text_cell(text: str) -> str:
    """A sentence of the help in a cell of a table: code in backticks stays code, all else is plain text."""
    parts = re.split(r"`([^`]*)`", text)
    plain = [re.sub(r"([\\*_\[\]<>#|$])", r"\\\1", part).replace(r"\|", "&#124;") for part in parts]
    return "".join(_code(part) if number % 2 else plain[number] for number, part in enumerate(parts))


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" if line else "" for line in text.splitlines())
