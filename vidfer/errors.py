"""Mistakes that a user can mend, by kind, and how a program ends with one."""

from __future__ import annotations

import errno
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import NoReturn

from vidfer.terminal import terminal_text


class VidferError(Exception):
    """A mistake that the user can mend; all others are kinds of it.

    The message gives the value, the file and the remedy. Commands and recipes print it alone, without a
    traceback, and end with exit status 2 (see :func:`exit_on_user_error`). Code raises one of the kinds
    below; Python callers catch a kind, or all of them by this name.
    """


class SettingError(VidferError):
    """An option, or the value of a setting, that cannot be used."""


class DataError(VidferError):
    """A data set, a video or a table of the user that is not as it should be, or has too few clips."""


class CacheError(VidferError):
    """A crop cache that is missing, damaged, made with other settings, or written by another process."""


class CheckpointError(VidferError):
    """A checkpoint or a file of weights that is missing, damaged, or of another network."""


class RunError(VidferError):
    """A run folder that is missing, damaged, or of another run."""


class ResultError(VidferError):
    """A result file that is missing, damaged, or not to be compared with another one."""


class DiskError(VidferError):
    """A disk that is full or cannot be written to."""


class HubError(VidferError):
    """The Hugging Face hub refuses what was asked, or cannot be reached."""


class MissingPackageError(VidferError):
    """An optional package that is not installed."""


NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
NO_SPACE_TEXTS = (
    *("No space left", "Disk quota exceeded", "File too large"),
    *("PytorchStreamWriter", "unexpected pos", "iostream error"),
)
"""What safetensors, HDF5 and torch say where the system says NO_SPACE. Their errors have no number."""


def is_disk_full(error: BaseException) -> bool:
    """Whether an error of any library says that a file could not be written because the disk is full.

    Shared memory that is too small is no full disk, see :func:`vidfer.data.loader.loaded`.
    """
    text = str(error)
    if "shared memory" in text:
        return False
    number = error.errno if isinstance(error, OSError) else None
    return number in NO_SPACE or any(part in text for part in NO_SPACE_TEXTS)


def _stopped() -> str:
    return "stopped; start the same command again"


@contextmanager
def exit_on_user_error(program: str = "vidfer", stopped: Callable[[], str] = _stopped) -> Iterator[None]:
    """End the program with one message and status 2 on a :class:`VidferError`, a path that cannot be used or
    a disk that is full, and with 130 on Ctrl-C.

    Args:
        program: what the message begins with.
        stopped: gives the message for Ctrl-C; nothing is said if it is empty.
    """
    try:
        yield
    except VidferError as error:
        _say(f"{program}: {error}")
        _end(2, error)
    except OSError as error:
        # Only what a named path is to blame for; anything else is a fault of ours and keeps its traceback.
        path = error.filename2 or error.filename
        if path is None:
            _end_if_disk_is_full(program, error)
            raise
        why = "it is a file, not a folder" if isinstance(error, FileExistsError) else error.strerror
        _say(f"{program}: cannot use {path}: {why}; choose another path")
        _end(2, error)
    except Exception as error:
        _end_if_disk_is_full(program, error)
        raise
    except KeyboardInterrupt as error:
        if said := stopped():
            _say(f"{program}: {said}")
        _end(130, error)


def _end_if_disk_is_full(program: str, error: Exception) -> None:
    if is_disk_full(error):
        _say(f"{program}: the disk is full; free some space, then start again")
        _end(2, error)


def _end(status: int, error: BaseException) -> NoReturn:
    """End the program, and let go at once what was at work when the error came.

    On Python 3.12 and 3.13 the traceback would keep it until half of Python is gone: where a generator of
    ``contextlib.contextmanager`` raises another error, the first one and a frame hold each other.
    """
    error.__traceback__ = None
    raise SystemExit(status) from None


def _say(text: str) -> None:
    with suppress(BrokenPipeError):  # nobody reads it, but the exit status still tells
        print(terminal_text(text), file=sys.stderr)
