"""A file of settings for a recipe, such as the protocol of a paper."""

from __future__ import annotations

import difflib
import types
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import MISSING, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import yaml

from vidfer.commands.model_parts import NONE, chosen_settings, unknown_option
from vidfer.commands.old_names import IN_FILES
from vidfer.errors import SettingError
from vidfer.models.settings import options_of

ONLY_ON_THE_COMMAND_LINE = {"out", "resume", "protocol"}
"""Settings that belong to one run, not to many."""

BOOLEANS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
NOTHING = ("", "null", "none", "~")


def read_protocol(
    path: Path, settings: type, recipe: str, parts: Mapping[str, Mapping[str, type]]
) -> dict[str, Any]:
    """The settings that a file gives, groups of them as finished objects.

    A YAML file with the names of the command line, an indented block for each group::

        recipe: supervised
        encoder:
          name: resnet18
          width: 16
        head: prototype
        train: {epochs: 60, batch_size: 48}

    Values are read as the type of the setting asks for, not as YAML would guess: ``lr: 1e-3`` is a number,
    and ``mixed_precision: no`` a word. ``recipe`` may say which recipe the file is for. An encoder or head is
    a name, or a block with its ``name`` and options; without a name they are those of the recipe's own one.

    Args:
        path: of the file.
        settings: the recipe's frozen dataclass; groups are dataclasses with defaults.
        recipe: file name of the recipe without ``.py``.
        parts: the settings classes of every encoder and head by their names, for the fields that are such.

    Raises:
        SettingError: the file cannot be read, is for another recipe, or has a name or a value that the recipe
            does not take. The message tells the line.
    """
    try:
        root = yaml.compose(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(
            f"cannot read --protocol {path}: {getattr(error, 'strerror', None) or error}"
        ) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise SettingError(
            f"{path}{line}: {getattr(error, 'problem', None) or 'no YAML'}; write a name, a colon, a space "
            f"and a value on each line, and the settings of a group two spaces further in"
        ) from error
    entries = [] if root is None else list(_entries(root, path))
    for name, _, value in entries:
        if name == "recipe":
            named = _value(value, str, f"{_where(path, value)}: recipe")
            if named not in (recipe, f"{recipe}.py"):
                raise SettingError(f"{path} is for the recipe {named}, not for {recipe}.py")
    return _values([entry for entry in entries if entry[0] != "recipe"], settings, path, parts)


def _entries(node: yaml.Node, path: Path) -> Iterator[tuple[str, yaml.Node, yaml.Node]]:
    """Name, key and value of each line of a block."""
    if not isinstance(node, yaml.MappingNode):
        raise SettingError(f"{_where(path, node)}: write a name, a colon, a space and a value")
    seen = set()
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise SettingError(f"{_where(path, key)}: write a name, a colon, a space and a value")
        name = str(key.value).replace("-", "_")
        if name in seen:
            raise SettingError(f"{_where(path, key)}: {name} is there twice; leave one out")
        seen.add(name)
        yield name, key, value


def _values(
    entries: list[tuple[str, yaml.Node, yaml.Node]],
    settings: Any,
    path: Path,
    parts: Mapping[str, Mapping[str, type]] | None = None,
    given: Any = None,
) -> dict[str, Any]:
    """What the entries say, in the types of a dataclass; ``given`` holds the values of inner groups."""
    hints = get_type_hints(settings)
    known = sorted({field.name for field in fields(settings) if field.init} - ONLY_ON_THE_COMMAND_LINE)
    values = {}
    for name, key, node in entries:
        where = _where(path, key)
        if name in ONLY_ON_THE_COMMAND_LINE:
            raise SettingError(f"{where}: {name} belongs on the command line: --{name}")
        if name not in known:
            near = [IN_FILES[name]] if name in IN_FILES else difflib.get_close_matches(name, known, 3, 0.5)
            raise SettingError(
                f"{where}: there is no setting {name}; did you mean {' or '.join(near or known)}?"
            )
        if parts and name in parts:
            values[name] = _part(name, node, parts[name], _default(settings, name), path)
        elif is_dataclass(hints[name]):
            inner = _values(list(_entries(node, path)), hints[name], path)
            before = _default(settings, name) if given is None else getattr(given, name)
            with _located(where):
                values[name] = replace(before, **inner)
        else:
            values[name] = _value(node, hints[name], f"{_where(path, node)}: {name}")
    return values


def _part(part: str, node: yaml.Node, kinds: Mapping[str, type], default: Any, path: Path) -> Any:
    """Settings of the encoder or head that a name, or a block with a name and options, describes."""
    where = _where(path, node)
    if isinstance(node, yaml.ScalarNode):
        with _located(where):
            name = NONE if node.value.lower() in NOTHING else node.value
            return chosen_settings(part, name, kinds, default)
    entries = list(_entries(node, path))
    chosen = default
    for option, _, value in entries:
        if option == "name":
            name = _value(value, str, f"{_where(path, value)}: name")
            with _located(where):
                chosen = chosen_settings(part, name, kinds, default)
    options = [entry for entry in entries if entry[0] != "name"]
    for option, key, _ in options:
        if chosen is None or option not in options_of(type(chosen)):
            new = IN_FILES.get(option)
            why = f"is now {new}" if new else unknown_option(part, option, chosen, kinds)
            raise SettingError(f"{_where(path, key)}: {option}: {why}")
    if chosen is None:
        return None
    values = _values(options, type(chosen), path, given=chosen)
    with _located(where):
        return replace(chosen, **values)


@contextmanager
def _located(where: str) -> Iterator[None]:
    """Errors of settings start with the line of the file."""
    try:
        yield
    except SettingError as error:
        raise SettingError(f"{where}: {error}") from error


def _default(settings: type, name: str) -> Any:
    field = settings.__dataclass_fields__[name]
    return field.default if field.default_factory is MISSING else field.default_factory()


def _value(node: yaml.Node, hint: Any, what: str) -> Any:
    """A value of the file as a setting's type has it."""
    kind, choices = get_origin(hint), get_args(hint)
    if kind in (types.UnionType, Union):
        if isinstance(node, yaml.ScalarNode) and node.value.lower() in NOTHING:
            return None
        return _value(node, next(choice for choice in choices if choice is not type(None)), what)
    if kind is tuple:
        parts = node.value if isinstance(node, yaml.SequenceNode) else [node]
        return tuple(_value(part, choices[0], what) for part in parts)
    if not isinstance(node, yaml.ScalarNode):
        raise SettingError(f"{what} takes one value")
    text = node.value
    if kind is Literal:
        named = {str(choice): choice for choice in choices}
        if text not in named:
            raise SettingError(f"{what} is {text!r}; choose {' or '.join(named)}")
        return named[text]
    if hint is bool:
        if text.lower() not in BOOLEANS:
            raise SettingError(f"{what} is {text!r}; write true or false")
        return BOOLEANS[text.lower()]
    try:
        return hint(text)
    except ValueError as error:
        kinds = {int: "a whole number", float: "a number"}
        raise SettingError(f"{what} is {text!r}; write {kinds.get(hint, hint.__name__)}") from error


def _where(path: Path, node: yaml.Node) -> str:
    return f"{path}, line {node.start_mark.line + 1}"
