"""What all commands share: parsing their options, and a progress bar."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, TypeVar

import tyro

from vidfer.rare import without_rare

Options = TypeVar("Options")


def parse(options: type, arguments: Sequence[str], command: str | None = None):
    """The options of a command, from a dataclass that is named after it.

    Args:
        options: the dataclass; its docstring is the first lines of the help page.
        arguments: the words after the command.
        command: its name where that is not the name of the dataclass, such as ``results pool``.
    """
    return parse_options(
        options,
        arguments,
        prog=f"vidfer {command or options.__name__.lower()}",
        description=inspect.cleandoc(options.__doc__),
        config=(tyro.conf.FlagCreatePairsOff,),  # no --no-overwrite: every flag is off until it is given
    )


def parse_options(
    options: type[Options], arguments: Sequence[str], *, description: str, **of_tyro: Any
) -> Options:
    """The options that a command line gives; ends the program after ``--help`` and ``--help-all``.

    Args:
        options: a dataclass; its :class:`vidfer.rare.Rare` fields are in ``--help-all`` only.
        arguments: the command line without the program.
        description: the first lines of the help page.
        of_tyro: further arguments of :func:`tyro.cli`.
    """
    words = ["--help" if word == "--help-all" else word for word in arguments]
    if ("--help" not in words and "-h" not in words) or "--help-all" in arguments:
        return tyro.cli(options, args=words, description=description, **of_tyro)
    note = "\n\n--help-all also shows the options that few people need."
    with without_rare(tyro.conf.Suppress):
        return tyro.cli(options, args=words, description=description + note, **of_tyro)


class Progress:
    """A progress bar that is told how many are done."""

    def __init__(self, what: str, unit: str) -> None:
        self.what, self.unit = what, unit
        self.bar = None

    def __call__(self, done: int, total: int) -> None:
        if self.bar is None:  # the first call starts its clock
            from tqdm.auto import tqdm

            # In a log file a line every ten seconds is enough.
            mininterval_s = 0.1 if sys.stderr.isatty() else 10
            self.bar = tqdm(desc=self.what, unit=self.unit, total=total, delay=0.2, mininterval=mininterval_s)
        self.bar.update(done - self.bar.n)

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_) -> None:
        if self.bar is not None:
            self.bar.close()


def epoch_bar(name: str, *, shown: bool) -> Callable[..., Iterable]:
    """A progress bar over the batches of an epoch, see :class:`vidfer.learn.epoch.Epoch`."""
    from tqdm.auto import tqdm

    return partial(tqdm, desc=name, leave=False, disable=not shown)
