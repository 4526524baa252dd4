"""The help pages of all commands and recipes as plain lines that depend on no terminal and no machine."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any
from unittest.mock import patch

from recipe_modules import load_recipe

from vidfer.commands import console
from vidfer.commands.help_page import option_text
from vidfer.commands.main import COMMANDS
from vidfer.commands.options import Group
from vidfer.commands.recipe_settings import settings_from_command_line

Page = dict[str, str]
"""The line of each option, and of each heading, by its name; in the order of the help page."""


@cache
def command_page(name: str, *arguments: str) -> Page:
    """The help page of a command of the program ``vidfer``."""
    command = importlib.import_module(f"vidfer.commands.{COMMANDS[name][0]}")
    return _page_that_is_shown_by(lambda: command.main(arguments))


@cache
def recipe_page(name: str, *arguments: str) -> Page:
    """The help page of a recipe."""
    recipe = load_recipe(name)
    return _page_that_is_shown_by(
        lambda: settings_from_command_line(recipe.Settings, recipe.__doc__, arguments)
    )


def command_groups(name: str, *arguments: str) -> list[Group]:
    """The options of a command, also those that few people need."""
    command = importlib.import_module(f"vidfer.commands.{COMMANDS[name][0]}")
    return _shown_by(lambda: command.main([*arguments, "--help-all"]))[1]


def options_in(page: Page) -> list[str]:
    """Names of the options of a page, without its headings."""
    return [name for name in page if not name.startswith("[")]


def with_rare_marks(short: Page, every: Page) -> list[str]:
    """All lines of ``--help-all``; those that ``--help`` leaves out start with ``rare``."""
    hidden = {*options_in(every)} - {*short}
    return [f"rare {line}" if name in hidden else line for name, line in every.items()]


class _Shown(Exception):
    """Ends a command where it would show its help page."""


def _page_that_is_shown_by(command: Callable[[], object]) -> Page:
    return dict(_lines(*_shown_by(command)))


def _shown_by(command: Callable[[], object]) -> tuple[str, Sequence[Group]]:
    """What a help page would say, and the options on it."""
    shown = []

    def show(program: str, about: str, groups: Sequence[Group], *_: Any, **__: Any) -> None:
        shown.extend((about, groups))
        raise _Shown

    with patch.object(console, "help_page", show):
        try:
            command()
        except _Shown:
            return tuple(shown)
    raise AssertionError("the command has not parsed its options")


def _lines(about: str, groups: Sequence[Group]) -> Iterator[tuple[str, str]]:
    yield "[]", f"[] {' '.join(about.split())}"
    for group in groups:
        if group.about:
            yield f"[{group.title}]", f"[{group.title}] {group.about}"
        for option in group.options:
            spelling = ", ".join(option.names)
            shown = " ".join(filter(None, (spelling, option.placeholder)))
            yield option.names[0] if option.names else option.dest, f"{shown}: {option_text(option)}"
