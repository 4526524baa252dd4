"""What the help of commands and recipes shows, taken where it would be shown."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from unittest.mock import patch

from vidfer.commands import console
from vidfer.commands.help_page import Example
from vidfer.commands.main import COMMANDS
from vidfer.commands.options import Group
from vidfer.commands.recipe_settings import settings_from_command_line
from vidfer.commands.recipes import load_recipe


@dataclass(frozen=True)
class HelpPage:
    """What stands on a help page."""

    about: str
    groups: tuple[Group, ...]
    examples: tuple[Example, ...]


@cache
def command_help(name: str, page: str) -> HelpPage:
    """The help of a command of the program ``vidfer``; ``page``: ``--help`` or ``--help-all``."""
    command = importlib.import_module(f"vidfer.commands.{COMMANDS[name][0]}")
    return _page_of(lambda: command.main([page]))


@cache
def recipe_help(name: str, *arguments: str) -> HelpPage:
    """The help of a recipe; the last of ``arguments`` is ``--help`` or ``--help-all``."""
    recipe = recipe_module(name)
    return _page_of(lambda: settings_from_command_line(recipe.Settings, recipe.__doc__ or "", arguments))


recipe_module = cache(load_recipe)
"""The script recipes/NAME.py as a module; each is run once."""


class _Shown(Exception):
    """Ends a command where it would show its help."""


def _page_of(command: Callable[[], object]) -> HelpPage:
    found = []

    def show(
        program: str, about: str, groups: Sequence[Group], examples: Sequence[Example], **_: Any
    ) -> None:
        found.append(HelpPage(about, tuple(groups), tuple(examples)))
        raise _Shown

    with patch.object(console, "help_page", show):
        try:
            command()
        except _Shown:
            return found[0]
    raise AssertionError("the command has not parsed its options")
