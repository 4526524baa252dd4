"""What all commands share: parsing their options, and a progress bar."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Sequence

import tyro


def parse(options: type, arguments: Sequence[str]):
    """The options of a command, from a dataclass that is named after it."""
    name = options.__name__.lower()
    return tyro.cli(
        options,
        prog=f"vidfer {name}",
        args=list(arguments),
        description=inspect.cleandoc(options.__doc__),
        config=(tyro.conf.FlagCreatePairsOff,),  # no --no-overwrite: every flag is off until it is given
    )


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
