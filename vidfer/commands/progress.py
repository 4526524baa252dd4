"""Shows how far long work has come."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from vidfer.commands.progress_lines import ProgressLines
from vidfer.commands.say import is_quiet, note
from vidfer.commands.stopped import step

if TYPE_CHECKING:
    from accelerate import Accelerator


class Progress:
    """Shows how much of the work is done: as a bar on a terminal, otherwise as a line every half minute."""

    def __init__(self, what: str, unit: str = "batch", *, unit_scale: bool = False) -> None:
        """``unit_scale``: large numbers as 12M."""
        self.what, self.unit, self.unit_scale = what, unit, unit_scale
        self.bar = self.lines = None

    def __call__(self, done: int, total: int, now: str = "") -> None:
        """So many pieces are done, of so many; ``now``: what is being done."""
        step(self.what, self.unit, done, total)
        if is_quiet():
            return
        if self.bar is None and self.lines is None:  # the first call starts its clock
            if sys.stderr.isatty():
                from tqdm.auto import tqdm

                how = {"unit_scale": self.unit_scale, "delay": 0.2}
                self.bar = tqdm(desc=self.what, unit=self.unit, total=total, **how)
            else:
                self.lines = ProgressLines(self.what, self.unit, note, unit_scale=self.unit_scale)
        if self.bar is not None:
            if now:
                self.bar.set_postfix_str(now, refresh=False)
            self.bar.update(done - self.bar.n)
        else:
            self.lines.update(done, total, now)

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_) -> None:
        for shown in filter(None, (self.bar, self.lines)):
            shown.close()


def epoch_bar(name: str, accelerator: Accelerator) -> Callable[..., Iterable]:
    """Shows the progress through the batches of an epoch, in the main process only.

    See :class:`vidfer.learn.epoch.Epoch`.
    """
    if sys.stderr.isatty():
        from tqdm.auto import tqdm

        return partial(tqdm, desc=name, leave=False, disable=is_quiet() or not accelerator.is_main_process)
    return partial(_with_lines, name=name, shown=accelerator.is_main_process)


def _with_lines(items: Iterable, *, name: str, shown: bool, initial: int, total: int) -> Iterator:
    progress = Progress(name)
    for done, item in enumerate(items, initial):
        if shown:
            progress(done, total)
        yield item
    if shown:
        progress(total, total)
    progress.__exit__()
