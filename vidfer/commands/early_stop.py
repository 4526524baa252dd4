"""Ctrl-C while a program still imports: one line and exit status 130, as later.

Libraries swallow Ctrl-C while their machine code is loaded. They are then loaded by half, and what uses them
fails with errors that have nothing to do with what the user did. So an error after Ctrl-C is taken for the
end that was asked for.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import FrameType, TracebackType

from vidfer.commands.stopped import stopped_text
from vidfer.errors import exit_on_user_error

_pressed = threading.Event()


def end_quietly_on_early_stop() -> None:
    """From now on, Ctrl-C ends this recipe in one line wherever nothing catches it, also between imports.

    A recipe calls it before it imports PyTorch, which takes seconds. Its :func:`exit_on_user_error` begins
    after the imports.
    """
    sys.excepthook = _say_stopped
    _notice_ctrl_c()


@contextmanager
def errors_after_ctrl_c() -> Iterator[None]:
    """Take an error of the block that comes after Ctrl-C for Ctrl-C."""
    before = signal.getsignal(signal.SIGINT)
    noticed = _notice_ctrl_c()
    try:
        yield
    except Exception as error:
        if noticed and _pressed.is_set():
            raise KeyboardInterrupt from error
        raise
    finally:
        if noticed:
            signal.signal(signal.SIGINT, before)


def _notice_ctrl_c() -> bool:
    """Remember from now on that Ctrl-C was pressed; whether that can be done here."""
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        return False
    _pressed.clear()
    signal.signal(signal.SIGINT, _remember)
    return True


def _remember(number: int, frame: FrameType | None) -> None:
    _pressed.set()
    signal.default_int_handler(number, frame)


def _say_stopped(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if not (issubclass(kind, KeyboardInterrupt) or _pressed.is_set()):
        sys.__excepthook__(kind, error, trace)
        return
    script = Path(sys.argv[0])
    with exit_on_user_error(script.name, partial(stopped_text, f"train {script.stem}")):
        raise KeyboardInterrupt from error
