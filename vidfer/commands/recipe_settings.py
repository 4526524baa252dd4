"""How every recipe comes to its settings: from the command line, and from a file that it names."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, field, fields, is_dataclass, make_dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_type_hints

import tyro

from vidfer.commands.console import parse_options
from vidfer.commands.model_parts import (
    NONE,
    chosen_settings,
    known_parts,
    name_of,
    named_part,
    options_of,
    refuse_options_of_others,
)
from vidfer.commands.old_names import refuse_old_options
from vidfer.commands.protocol_file import read_protocol
from vidfer.commands.recipe_examples import recipe_examples
from vidfer.commands.recipes import protocol_file
from vidfer.errors import SettingError
from vidfer.models.settings import INIT, PLUS
from vidfer.rare import marked

Settings = TypeVar("Settings")

OPTION = "--protocol"

_IS_FIXED = "fixed"


def settings_from_command_line(
    settings: type[Settings], description: str, arguments: Sequence[str] | None = None
) -> Settings:
    """The settings of a recipe: its defaults, over them the file of ``--protocol``, over it all options.

    ``--encoder NAME`` and ``--head NAME`` choose parts of the model. The parser has the options of the chosen
    parts alone.

    Args:
        settings: the recipe's frozen dataclass, a :class:`vidfer.runs.settings.RunSettings`.
        description: for ``--help``, which shows the values of the file as defaults.
        arguments: instead of those the program was called with.

    Raises:
        SettingError: the file is wrong (see :func:`vidfer.commands.protocol_file.read_protocol`), a value is,
            an option has an old name, or it belongs to an encoder or head that is not chosen.
    """
    return options_from_command_line(settings, description, arguments).settings


def options_from_command_line(
    settings: type,
    description: str,
    arguments: Sequence[str] | None = None,
    *,
    more: Sequence[tuple[str, Any, Any]] = (),
    prog: str | None = None,
) -> Any:
    """As :func:`settings_from_command_line`, with further options beside the settings.

    Args:
        settings, description, arguments: as there.
        more: name, type and :func:`dataclasses.field` of each further option.
        prog: the program for ``--help``; by default the script that runs.

    Returns:
        an object with ``settings`` and an attribute for each further option.
    """
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    recipe, parts, file = Path(inspect.getfile(settings)).stem, known_parts(settings), protocol_of(arguments)
    refuse_old_options(arguments, _options(settings, parts))
    values = default_values(settings)
    if file is not None:
        values |= read_protocol(file, settings, recipe, parts)
    for part, kinds in parts.items():
        if (name := named_part(part, arguments)) is not None:
            values[part] = chosen_settings(part, name, kinds, values[part])
        refuse_options_of_others(part, values[part], kinds, arguments)
    refuse_encoder_beside_init(arguments)
    return parse_options(
        _with_names(settings, unchecked(settings, values), parts, more),
        arguments,
        program=prog or f"{recipe}.py",
        description=description.partition("\nExample: ")[0],
        examples=recipe_examples(recipe, prog or f"accelerate launch recipes/{recipe}.py"),
        config=(tyro.conf.AvoidSubcommands,),
    )


def _options(settings: type, parts: Mapping[str, Mapping[str, type]]) -> set[str]:
    """The options of a recipe with any encoder and head, such as ``optim.lr``."""
    with marked(fixed=_IS_FIXED):
        hints = get_type_hints(settings, include_extras=True)
    found = set()
    for one in fields(settings):
        if _IS_FIXED in getattr(hints[one.name], "__metadata__", ()):
            continue
        default = one.default_factory() if one.default_factory is not MISSING else one.default
        inner = parts[one.name].values() if one.name in parts else [type(default)] * is_dataclass(default)
        names = {name for kind in inner for name in options_of(kind)}
        found |= {one.name, *(f"{one.name}.{name}" for name in names)}
    return {name.replace("_", "-") for name in found}


def protocol_of(arguments: Sequence[str]) -> Path | None:
    """The file that ``--protocol NAME`` or ``--protocol=NAME`` names, the last one if there are many."""
    found = named_part(OPTION.removeprefix("--"), arguments)
    return None if found is None else protocol_file(found)


def refuse_encoder_beside_init(arguments: Sequence[str]) -> None:
    """Raise a SettingError if the encoder comes from a checkpoint and options describe another one."""
    names = [argument.partition("=")[0] for argument in arguments]
    if INIT in (named_part("encoder", arguments) or "").split(PLUS):
        return
    about = next((name for name in names if name == "--encoder" or name.startswith("--encoder.")), None)
    if about and "--init" in names:
        raise SettingError(
            f"{about} has no effect: the encoder comes from --init; leave one of them out, or name it {INIT} "
            f"beside another one: --encoder face_landmarker{PLUS}{INIT}"
        )


def default_values(settings: type) -> dict[str, Any]:
    """The default of each field; :data:`tyro.MISSING` where there is none."""
    values = {}
    for one in fields(settings):
        value = one.default_factory() if one.default_factory is not MISSING else one.default
        values[one.name] = tyro.MISSING if value is MISSING else value
    return values


def unchecked(settings: type[Settings], values: Mapping[str, Any]) -> Settings:
    """An object for tyro to take defaults from. Values that the user must still give are missing in it."""
    start = object.__new__(settings)
    for name, value in values.items():
        object.__setattr__(start, name, value)
    return start


def _with_names(
    settings: type, start: Any, parts: Mapping[str, Mapping[str, type]], more: Sequence[tuple[str, Any, Any]]
) -> type:
    """What tyro parses: the settings, and beside them further options and the names of the chosen parts.

    The options of a part are those of its settings in ``start``: tyro narrows the type of a field to that of
    its default.
    """
    extra = [*more]
    for part, kinds in parts.items():
        default = name_of(getattr(start, part))
        names = dict.fromkeys((*kinds, *[NONE] * (part == "head"), default))
        about = tyro.conf.arg(name=part, help=HELP[part])
        extra.append((f"{part}_name", Annotated[Literal[tuple(names)], about], field(default=default)))
    whole = Annotated[settings, tyro.conf.arg(name="")]
    return make_dataclass("Options", [("settings", whole, field(default=start)), *extra], kw_only=True)


HELP = {
    "encoder": "The network that sees the crops, a pretrained one that `vidfer encoders` lists, or several "
    "side by side, such as face_landmarker+resnet18. Add --help to see its options, which start with "
    "--encoder.",
    "head": "The few-shot head. Add --help to see its options, which start with --head.",
}
