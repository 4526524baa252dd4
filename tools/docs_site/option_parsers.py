"""The parsers behind the help of commands and recipes, taken where the help would be shown."""

from __future__ import annotations

import argparse
import importlib
import warnings
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch

import tyro

from vidfer.commands.main import COMMANDS
from vidfer.commands.recipe_settings import settings_from_command_line

RECIPES = Path(__file__).resolve().parents[2] / "recipes"


@cache
def command_parser(name: str, page: str) -> argparse.ArgumentParser:
    """The parser of a command of the program ``vidfer``; ``page``: ``--help`` or ``--help-all``."""
    command = importlib.import_module(f"vidfer.commands.{COMMANDS[name][0]}")
    return _parser_of(lambda: command.main([page]))


@cache
def recipe_parser(name: str, *arguments: str) -> argparse.ArgumentParser:
    """The parser of a recipe; the last of ``arguments`` is ``--help`` or ``--help-all``."""
    recipe = recipe_module(name)
    return _parser_of(lambda: settings_from_command_line(recipe.Settings, recipe.__doc__ or "", arguments))


@cache
def recipe_module(name: str) -> ModuleType:
    """The script recipes/NAME.py as a module."""
    import sys

    spec = importlib.util.spec_from_file_location(f"recipe_{name}", RECIPES / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


class _Shown(Exception):
    """Ends a command where it would show its help."""

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        self.parser = parser


def _parser_of(command: Callable[[], object]) -> argparse.ArgumentParser:
    def show(options: Any, *, args: Sequence[str], **rest: Any) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # tyro would rather be asked for the finished help
            raise _Shown(tyro.extras.get_parser(options, **rest))

    with patch.object(tyro, "cli", show):
        try:
            command()
        except _Shown as shown:
            return shown.parser
    raise AssertionError("the command has not parsed its options")
