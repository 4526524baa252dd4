"""Ctrl-C while a script still imports: one line and exit status 130, as later."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from types import TracebackType

from vidfer.commands.stopped import stopped_text
from vidfer.errors import exit_on_user_error


def end_quietly_on_early_stop() -> None:
    """From now on, Ctrl-C ends this recipe in one line wherever nothing catches it, also between imports.

    A recipe calls it before it imports PyTorch, which takes seconds. Its :func:`exit_on_user_error` begins
    after the imports.
    """
    sys.excepthook = _say_stopped


def _say_stopped(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if not issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    script = Path(sys.argv[0])
    with exit_on_user_error(script.name, partial(stopped_text, f"train {script.stem}")):
        raise error
