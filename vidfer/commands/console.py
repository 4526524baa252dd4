"""How all programs come to their options: a dataclass gives the help page, the checks and the parser."""

from __future__ import annotations

import inspect
import io
import os
import re
import shutil
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr
from dataclasses import MISSING, Field, fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

import tyro

from vidfer.commands.check_words import check_words
from vidfer.commands.help_page import WIDEST, Example, help_page
from vidfer.commands.options import Group, groups_of
from vidfer.commands.output_options import output_group, take_output_options
from vidfer.commands.say import say
from vidfer.errors import SettingError
from vidfer.rare import marked
from vidfer.reachable import check_all_reachable
from vidfer.terminal import shows_colours

Options = TypeVar("Options")

OF_HELP_ALL = "Further options, which few people need, are in --help-all."

_IS_RARE = "rare"


def parse(options: type, arguments: Sequence[str], command: str | None = None):
    """The options of a command, from a dataclass that is named after it.

    The examples on its help page are ``EXAMPLES`` in the module of the dataclass.

    Args:
        options: the dataclass; its docstring is the first lines of the help page.
        arguments: the words after the command.
        command: its name where that is not the name of the dataclass, such as ``results pool``.
    """
    return parse_options(
        options,
        arguments,
        program=f"vidfer {command or options.__name__.lower()}",
        description=inspect.cleandoc(options.__doc__),
        examples=getattr(sys.modules.get(options.__module__), "EXAMPLES", ()),
        config=(tyro.conf.FlagCreatePairsOff,),  # no --no-overwrite: every flag is off until it is given
    )


def parse_options(
    options: type[Options],
    arguments: Sequence[str],
    *,
    description: str,
    program: str = "",
    examples: Sequence[Example] = (),
    **of_tyro: Any,
) -> Options:
    """The options that a command line gives; ends the program after ``--help`` and ``--help-all``.

    Args:
        options: a dataclass; its :class:`vidfer.rare.Rare` fields are in ``--help-all`` only.
        arguments: the command line without the program.
        description: the first lines of the help page.
        program: as it is called; by default the name of the script.
        examples: command lines with what they do, for the help page.
        of_tyro: further arguments of :func:`tyro.cli`.

    Raises:
        SettingError: an option is unknown or missing, or its value is not one that it takes.
        OSError: a path that the system does not look at, such as one in a locked folder.
    """
    program = program or Path(sys.argv[0]).name
    if {"--help", "-h", "--help-all"} & {*arguments}:
        every = "--help-all" in arguments
        take_output_options((), program)
        say(_help_page(options, program, description, examples, every=every, **of_tyro), coloured=True)
        raise SystemExit(0)
    arguments = [_at_home(word) for word in _without_dashes(arguments)]
    known = [one for group in _all_groups(options, program, **of_tyro) for one in group.options]
    example = next((line for line, _ in examples if program in line), "")
    check_words(arguments, known, program, example)
    arguments = take_output_options(arguments, program)
    with marked(fixed=tyro.conf.Suppress), _box_as_message():
        parsed = tyro.cli(options, args=arguments, prog=program, **of_tyro)
    check_all_reachable(parsed)
    return parsed


def _without_dashes(arguments: Sequence[str]) -> list[str]:
    """The words without ``--``, which says that the words behind it are no options: files such as -a.mp4."""
    words = [*arguments]
    if "--" not in words:
        return words
    place = words.index("--")
    return words[:place] + [f"./{word}" if word.startswith("-") else word for word in words[place + 1 :]]


def _at_home(word: str) -> str:
    """A word whose path begins with ``~/``, with the home folder in its place.

    A shell does so itself, but not in quotation marks (``'~/films/*.mp4'``), nor in ``--out=~/films``.
    """
    option, equals, path = word.partition("=") if word.startswith("--") else ("", "", word)
    return option + equals + os.path.expanduser(path) if path.startswith("~/") else word  # noqa: PTH111


def option_groups(options: type, *, every: bool = True, **of_tyro: Any) -> list[Group]:
    """The options of a dataclass, in groups; ``every``: also those that few people need."""
    hidden = tyro.conf.Suppress
    with warnings.catch_warnings(), marked(fixed=hidden, rare=None if every else hidden):
        warnings.simplefilter("ignore")  # tyro would rather be asked for the finished page
        parser = tyro.extras.get_parser(options, **of_tyro)
    return groups_of(parser, [one.name for one in fields(options) if _has_no_default(one)])


def _has_no_default(one: Field) -> bool:
    return one.default is MISSING and one.default_factory is MISSING


def _all_groups(options: type, program: str, *, every: bool = True, **of_tyro: Any) -> list[Group]:
    """The options of a dataclass and, last, those that say what is printed."""
    of_output = output_group(program)
    return [*option_groups(options, every=every, **of_tyro), *([of_output] if of_output else [])]


def _help_page(
    options: type,
    program: str,
    description: str,
    examples: Sequence[Example],
    *,
    every: bool,
    **of_tyro: Any,
) -> str:
    groups = _all_groups(options, program, every=every, **of_tyro)
    more = OF_HELP_ALL if not every and _has_rare(options, of_tyro.get("default")) else ""
    return help_page(
        program,
        description,
        groups,
        examples,
        more=more,
        width=shutil.get_terminal_size((WIDEST, 24)).columns,
        bold=shows_colours(sys.stdout),
    )


@contextmanager
def _box_as_message() -> Iterator[None]:
    """What tyro draws a box about, for mistakes that :func:`check_words` does not know, as one message."""
    drawn = io.StringIO()
    try:
        with redirect_stderr(drawn):
            yield
    except SystemExit:
        text = re.sub(r"\x1b\[[0-9;]*m|[\u2500-\u257f]", " ", drawn.getvalue())
        raise SettingError(" ".join(text.split())) from None


def _has_rare(options: Any, default: object = None) -> bool:
    """Whether a dataclass, or a group of settings within it, has options that only --help-all shows.

    ``default``: an object of it, whose groups may be of a more special class than the annotation says.
    """
    with marked(fixed=None, rare=_IS_RARE):
        hints = get_type_hints(options, include_extras=True)
    for field in fields(options):
        hint, value = hints[field.name], getattr(default, field.name, field.default)
        if value is MISSING and field.default_factory is not MISSING:
            value = field.default_factory()
        if _IS_RARE in getattr(hint, "__metadata__", ()):
            return True
        if is_dataclass(value) and _has_rare(type(value), value):
            return True
    return False
