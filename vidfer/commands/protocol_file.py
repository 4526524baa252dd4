"""A file of settings for a recipe, such as the protocol of a paper."""

from __future__ import annotations

import difflib
import types
from collections.abc import Iterator
from dataclasses import is_dataclass, replace
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import yaml

from vidfer.errors import VidferError

ONLY_ON_THE_COMMAND_LINE = {"out", "resume", "protocol"}
"""Settings that belong to one run, not to many."""

BOOLEANS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
NOTHING = ("", "null", "none", "~")


def read_protocol(path: Path, settings: type, recipe: str) -> dict[str, Any]:
    """The settings that a file gives, groups of them as finished objects.

    A YAML file with the names of the command line, an indented block for each group::

        recipe: supervised
        model:
          encoder: resnet18
        train: {epochs: 60, batch_size: 48}

    Values are read as the type of the setting asks for, not as YAML would guess: ``lr: 1e-3`` is a number,
    and ``mixed_precision: no`` a word. ``recipe`` may say which recipe the file is for.

    Args:
        path: of the file.
        settings: the recipe's frozen dataclass; groups are dataclasses with defaults.
        recipe: file name of the recipe without ``.py``.

    Raises:
        VidferError: the file cannot be read, is for another recipe, or has a name or a value that the recipe
            does not take. The message tells the line.
    """
    try:
        root = yaml.compose(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise VidferError(
            f"cannot read --protocol {path}: {getattr(error, 'strerror', None) or error}"
        ) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise VidferError(
            f"{path}{line}: {getattr(error, 'problem', None) or 'no YAML'}; write a name, a colon, a space "
            f"and a value on each line, and the settings of a group two spaces further in"
        ) from error
    entries = [] if root is None else list(_entries(root, path))
    for name, _, value in entries:
        if name == "recipe" and value.value not in (recipe, f"{recipe}.py"):
            raise VidferError(f"{path} is for the recipe {value.value}, not for {recipe}.py")
    return _values([entry for entry in entries if entry[0] != "recipe"], settings, path)


def _entries(node: yaml.Node, path: Path) -> Iterator[tuple[str, yaml.Node, yaml.Node]]:
    """Name, key and value of each line of a block."""
    if not isinstance(node, yaml.MappingNode):
        raise VidferError(f"{_where(path, node)}: write a name, a colon, a space and a value")
    seen = set()
    for key, value in node.value:
        name = str(key.value).replace("-", "_")
        if name in seen:
            raise VidferError(f"{_where(path, key)}: {name} is there twice; leave one out")
        seen.add(name)
        yield name, key, value


def _values(entries: list[tuple[str, yaml.Node, yaml.Node]], settings: Any, path: Path) -> dict[str, Any]:
    """What the entries say, in the types of a dataclass."""
    hints = get_type_hints(settings)
    known = sorted(hints.keys() - ONLY_ON_THE_COMMAND_LINE)
    values = {}
    for name, key, node in entries:
        where = _where(path, key)
        if name in ONLY_ON_THE_COMMAND_LINE:
            raise VidferError(f"{where}: {name} is said on the command line: --{name}")
        if name not in known:
            near = difflib.get_close_matches(name, known, 3, 0.5) or known
            raise VidferError(f"{where}: there is no setting {name}; did you mean {' or '.join(near)}?")
        if is_dataclass(hints[name]):
            inner = _values(list(_entries(node, path)), hints[name], path)
            try:
                values[name] = replace(_default(settings, name), **inner)
            except VidferError as error:
                raise VidferError(f"{where}: {error}") from error
        else:
            values[name] = _value(node, hints[name], f"{_where(path, node)}: {name}")
    return values


def _default(settings: type, name: str) -> Any:
    field = settings.__dataclass_fields__[name]
    return field.default_factory() if callable(field.default_factory) else field.default


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
        raise VidferError(f"{what} takes one value")
    text = node.value
    if kind is Literal:
        named = {str(choice): choice for choice in choices}
        if text not in named:
            raise VidferError(f"{what} is {text!r}; choose {' or '.join(named)}")
        return named[text]
    if hint is bool:
        if text.lower() not in BOOLEANS:
            raise VidferError(f"{what} is {text!r}; write true or false")
        return BOOLEANS[text.lower()]
    try:
        return hint(text)
    except ValueError as error:
        kinds = {int: "a whole number", float: "a number"}
        raise VidferError(f"{what} is {text!r}; write {kinds.get(hint, hint.__name__)}") from error


def _where(path: Path, node: yaml.Node) -> str:
    return f"{path}, line {node.start_mark.line + 1}"
