"""The help pages of all commands and recipes as plain lines that depend on no terminal and no machine."""

from __future__ import annotations

import argparse
import importlib
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any
from unittest.mock import patch

import tyro
from recipe_modules import load_recipe

from vidfer.commands.main import COMMANDS
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


def options_in(page: Page) -> list[str]:
    """Names of the options of a page, without its headings."""
    return [name for name in page if not name.startswith("[")]


def with_rare_marks(short: Page, every: Page) -> list[str]:
    """All lines of ``--help-all``; those that ``--help`` leaves out start with ``rare``."""
    hidden = {*options_in(every)} - {*short}
    return [f"rare {line}" if name in hidden else line for name, line in every.items()]


class _Shown(Exception):
    """Ends a command where it would show its help page."""

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        self.parser = parser


def _page_that_is_shown_by(command: Callable[[], object]) -> Page:
    with _parser_instead_of_help():
        try:
            command()
        except _Shown as shown:
            return dict(_lines(shown.parser))
    raise AssertionError("the command has not parsed its options")


@contextmanager
def _parser_instead_of_help() -> Iterator[None]:
    def show(options: Any, *, args: Sequence[str], **rest: Any) -> None:
        assert "--help" in args
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # tyro would rather be asked for the finished page
            raise _Shown(tyro.extras.get_parser(options, **rest))

    with patch.object(tyro, "cli", show):
        yield


def _lines(parser: argparse.ArgumentParser) -> Iterator[tuple[str, str]]:
    yield "[]", f"[] {_one_line(parser.description)}"
    for group in parser._action_groups:
        if group.description:
            yield f"[{group.title}]", f"[{group.title}] {_one_line(group.description)}"
        for action in group._group_actions:
            if action.dest == "help":
                continue
            name = action.option_strings[-1] if action.option_strings else action.dest
            spelling = ", ".join(action.option_strings) or action.dest
            value = f" {action.metavar}" if action.metavar else ""
            yield name, f"{spelling}{value}: {_one_line(action.help)}"


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split())
