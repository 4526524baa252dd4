"""How every tool starts and ends: with options, help pages and messages in the form of vidfer's own."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from vidfer.commands.console import parse_options
from vidfer.commands.help_page import Example
from vidfer.errors import exit_on_user_error

COMMAND = re.compile(r"(nohup |\w+=\S+ )*(python tools/|vidfer |make )")
"""How an example begins in the docstring of a tool."""


@dataclass(frozen=True)
class NoOptions:
    """For a tool without options."""


def run(
    main: Callable,
    settings: type,
    about: str,
    arguments: Sequence[str] | None = None,
    *,
    program: str | None = None,
) -> None:
    """Run a tool; a mistake of its user ends it with one message and exit status 2, Ctrl-C with 130.

    Args:
        main: does the work. It gets the settings, or nothing if they are :class:`NoOptions`.
        settings: dataclass with a field for each option.
        about: what the help page says, the docstring of the tool; see :func:`taken_apart`.
        arguments: the command line without the program; by default that of this process.
        program: as it is called; by default the name of the script.
    """
    name = program or Path(sys.argv[0]).name
    words = sys.argv[1:] if arguments is None else arguments
    with exit_on_user_error(name):
        description, examples = taken_apart(about)
        given = parse_options(settings, words, program=name, description=description, examples=examples)
        main(*[given] * (settings is not NoOptions))


def taken_apart(about: str) -> tuple[str, list[Example]]:
    """The text of a docstring, and the command lines in it, each with the comment behind it.

    >>> taken_apart("Count.\\n\\n    python tools/count.py --to 3  # to three\\n\\nIt is slow.")
    ('Count.\\n\\nIt is slow.', [('python tools/count.py --to 3', 'to three')])
    """
    texts, examples = [], []
    for paragraph in re.split(r"\n\s*\n|\n(?=\* )", about.strip()):
        lines = re.sub(r"\\\n\s*", "", paragraph.strip()).splitlines()
        if all(COMMAND.match(line.strip()) for line in lines):
            parts = [line.strip().partition("  #") for line in lines]
            examples += [(command.strip(), what.strip()) for command, _, what in parts]
        else:
            texts.append(paragraph)
    return "\n\n".join(texts), examples
