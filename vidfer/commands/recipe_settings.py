"""How every recipe comes to its settings: from the command line, and from a file that it names."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Sequence
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Annotated, TypeVar

import tyro

from vidfer.commands.protocol_file import read_protocol
from vidfer.errors import VidferError
from vidfer.models.settings import ModelSettings

Settings = TypeVar("Settings")

OPTION = "--protocol"


def settings_from_command_line(
    settings: type[Settings], description: str, arguments: Sequence[str] | None = None
) -> Settings:
    """The settings of a recipe: its defaults, over them the file of ``--protocol``, over it all options.

    Args:
        settings: the recipe's frozen dataclass, a :class:`vidfer.runs.settings.RunSettings`.
        description: for ``--help``, which shows the values of the file as defaults.
        arguments: instead of those the program was called with.

    Raises:
        VidferError: the file is wrong (see :func:`vidfer.commands.protocol_file.read_protocol`), or a value
            is.
    """
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    file = protocol_of(arguments)
    start = None
    if file is not None:
        recipe = Path(inspect.getfile(settings)).stem
        start = started_from(settings, read_protocol(file, settings, recipe))
    # What only a recipe sets is no option. A mark in the annotation is how tyro knows, of which rooms do not.
    ModelSettings.__annotations__["whitened"] = Annotated[bool, tyro.conf.Suppress]
    found = tyro.cli(settings, description=description, args=arguments, default=start)
    if getattr(getattr(found, "model", None), "whitened", False):
        # A checkpoint has it from the recipe that fitted it; asked for, it would be a whitening of nothing.
        raise VidferError(f"{file}: recipes/fewshot.py --whiten sets whitened of model; take it out")
    return found


def protocol_of(arguments: Sequence[str]) -> Path | None:
    """The file that ``--protocol FILE`` or ``--protocol=FILE`` names, the last one if there are many."""
    found = None
    for argument, following in zip(arguments, [*arguments[1:], ""]):
        name, sign, value = argument.partition("=")
        if name == OPTION and (sign or following):
            found = Path(value if sign else following)
    return found


def started_from(settings: type[Settings], values: dict) -> Settings:
    """An unchecked object for tyro to take defaults from: what nobody has said yet is still missing."""
    start = object.__new__(settings)
    for field in fields(settings):
        value = values.get(field.name, field.default)
        if field.name not in values and field.default_factory is not MISSING:
            value = field.default_factory()
        object.__setattr__(start, field.name, tyro.MISSING if value is MISSING else value)
    return start
