"""What all commands share: parsing their options, and a progress bar."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import MISSING, fields, is_dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, get_type_hints

import tyro

from vidfer.rare import marked

if TYPE_CHECKING:
    from accelerate import Accelerator

Options = TypeVar("Options")

OF_HELP_ALL = "There are further options, which few people need: --help-all shows them too."

_IS_RARE = "rare"


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
    short = ("--help" in words or "-h" in words) and "--help-all" not in arguments
    if short and _has_rare(options, of_tyro.get("default")):
        description = f"{description.strip()}\n\n{OF_HELP_ALL}"
    with marked(fixed=tyro.conf.Suppress, rare=tyro.conf.Suppress if short else None):
        return tyro.cli(options, args=words, description=description, **of_tyro)


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


class Progress:
    """A progress bar that is told how many are done."""

    def __init__(self, what: str, unit: str = "batch", *, unit_scale: bool = False) -> None:
        """``unit_scale``: large numbers as 12M."""
        self.what, self.unit, self.unit_scale = what, unit, unit_scale
        self.bar = None

    def __call__(self, done: int, total: int) -> None:
        if self.bar is None:  # the first call starts its clock
            from tqdm.auto import tqdm

            # In a log file a line every ten seconds is enough.
            mininterval_s = 0.1 if sys.stderr.isatty() else 10
            how = {"unit_scale": self.unit_scale, "delay": 0.2, "mininterval": mininterval_s}
            self.bar = tqdm(desc=self.what, unit=self.unit, total=total, **how)
        self.bar.update(done - self.bar.n)

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_) -> None:
        if self.bar is not None:
            self.bar.close()


def epoch_bar(name: str, accelerator: Accelerator) -> Callable[..., Iterable]:
    """A progress bar over the batches of an epoch, in the main process only.

    See :class:`vidfer.learn.epoch.Epoch`.
    """
    from tqdm.auto import tqdm

    return partial(tqdm, desc=name, leave=False, disable=not accelerator.is_main_process)
