"""Finds what is wrong with a command line, and says it in one line."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from vidfer.commands.options import NONE, Option
from vidfer.errors import SettingError
from vidfer.nearest import did_you_mean

KINDS = {"INT": (int, "a whole number", "whole numbers"), "FLOAT": (float, "a number", "numbers")}


def check_words(words: Sequence[str], options: Sequence[Option], program: str, example: str = "") -> None:
    """Raise a SettingError for the first mistake in a command line.

    Args:
        words: the command line without the program.
        options: all that the program takes.
        program: as it is called, such as ``vidfer cache``.
        example: a right command line, to show beside what is missing.
    """
    by_name = {name: option for option in options for name in option.names}
    unknown = [(name, word) for (name, _), word in zip(_pairs(words), words) if name and name not in by_name]
    if unknown:
        name, word = unknown[0]
        meant = did_you_mean(name, by_name)
        file = f". Write the file of this name as ./{word}" if os.path.lexists(word) else ""
        raise SettingError(f"there is no option {name}{meant or ';'} `{program} --help` lists them{file}")
    given = _Given(by_name)
    for name, value in _pairs(words):
        given.add(name, value)
    arguments = [option for option in options if not option.names]
    given.spare(sum(option.required for option in arguments))
    for name, values in given.values.items():
        _check_values(name, values, by_name[name])
    _check_arguments(given.free, arguments, program)
    required = [option for option in options if option.names and option.required]
    missing = [option.typed for option in required if not {*option.names} & {*given.values}]
    if missing:
        shown = f", as in `{example}`" if example else f"; `{program} --help` explains them"
        raise SettingError(f"{_listed(missing)} {'is' if len(missing) == 1 else 'are'} missing{shown}")


def _pairs(words: Sequence[str]) -> Iterator[tuple[str, str | None]]:
    """Each option with the value behind its ``=``, and each other word as the value of no option."""
    for word in words:
        if word.startswith("-") and len(word) > 1 and not re.match(r"-\.?\d", word):
            name, sign, value = word.partition("=")
            yield name.replace("_", "-"), value if sign else None
        else:
            yield "", word


@dataclass
class _Given:
    """Values of a command line, each with its option."""

    by_name: dict[str, Option]
    values: dict[str, list[str]] = field(default_factory=dict)
    free: list[str] = field(default_factory=list)
    """Values of no option."""
    _open: str = ""
    """The option that takes the next value."""

    def add(self, name: str, value: str | None) -> None:
        option = self.by_name.get(name or self._open)
        if name:
            self.values[name] = [] if value is None else [value]
            self._open = name
            if option.is_flag and value is not None:
                raise SettingError(f"{name}={value}: {name} takes no value; leave out ={value}")
            if value is not None:
                self._open = ""
            return
        if option is None or (option.count is not None and len(self.values[self._open]) >= option.count):
            self.free.append(value)
        else:
            self.values[self._open].append(value)

    def spare(self, n_needed: int) -> None:
        """Arguments that are missing are the last words, also behind an option that takes any number of
        values, as in ``vidfer learn --encoders a b examples/``."""
        if self._open and self.by_name[self._open].count is None:
            while self.values[self._open] and len(self.free) < n_needed:
                self.free.append(self.values[self._open].pop())


def _check_values(name: str, values: list[str], option: Option) -> None:
    if option.count is not None and len(values) < option.count:
        _, one, many = KINDS.get(option.kinds[0], (None, "a value", "values"))
        wanted = f"{option.count} {many}" if option.count > 1 else one
        if option.choices:
            wanted = f"one of {', '.join(option.choices)}"
        raise SettingError(f"{' '.join([name, *values])}: give {wanted}: {option.typed}")
    for number, value in enumerate(values):
        if option.optional and value == NONE:
            continue
        if option.choices:
            _check_choice(f"{name} {value}", value, option)
            continue
        kind = option.kinds[min(number, len(option.kinds) - 1)]
        if kind in KINDS:
            convert, one, _ = KINDS[kind]
            try:
                convert(value)
            except ValueError:
                raise SettingError(f"{name} {value}: give {one}") from None


def _check_choice(shown: str, value: str, option: Option) -> None:
    if value not in option.choices:
        meant = did_you_mean(value, option.choices).lstrip("; ")
        meant = f"{meant} " if meant else ""
        raise SettingError(f"{shown}: {meant}choose {_listed(option.choices, 'or')}")


def _check_arguments(free: Sequence[str], arguments: Sequence[Option], program: str) -> None:
    """The values without an option must be as many as the program takes."""
    n_free = len(free)
    needed = [one for one in arguments if one.required]
    if n_free < len(needed):
        missing = needed[n_free]
        what = f"give {_listed(missing.choices, 'or')}" if missing.choices else _begun_small(missing.help)
        raise SettingError(f"{missing.typed} is missing: {what}")
    for value, option in zip(free, arguments):
        _check_values(option.placeholder, [value], option)
    if all(one.count is not None for one in arguments) and n_free > len(arguments):
        extra = free[len(arguments)]
        takes = " ".join([program, *(one.typed for one in arguments)])
        what = "has no option before it" if not arguments else f"is one value too many for `{takes}`"
        raise SettingError(f"'{extra}' {what}; `{program} --help` lists the options")
    for value, argument in zip(free, arguments):
        if argument.choices:
            _check_choice(value, value, argument)


def _begun_small(text: str) -> str:
    """The first sentence of a help text, to put behind a colon."""
    first = text.partition(". ")[0].removesuffix(".")
    return first[:1].lower() + first[1:]


def _listed(names: Sequence[str], word: str = "and") -> str:
    *first, last = names
    return f"{', '.join(first)} {word} {last}" if first else last
