"""Mistakes that a user can mend, by kind, and how a program ends with one."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


class VidferError(Exception):
    """A mistake that the user can mend.

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


class MissingPackageError(VidferError):
    """An optional package that is not installed."""


@contextmanager
def exit_on_user_error(program: str = "vidfer") -> Iterator[None]:
    """End the program with one message and status 2 on a :class:`VidferError` or a path that cannot be used,
    and with 130 on Ctrl-C."""
    try:
        yield
    except VidferError as error:
        print(f"{program}: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    except OSError as error:
        # Only what a named path is to blame for; anything else is a fault of ours and keeps its traceback.
        path = error.filename2 or error.filename
        if path is None:
            raise
        why = "it is a file, not a folder" if isinstance(error, FileExistsError) else error.strerror
        print(f"{program}: cannot use {path}: {why}; choose another path", file=sys.stderr)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        kept = "what was finished is kept, the same command goes on from there"
        print(f"{program}: interrupted; {kept}", file=sys.stderr)
        raise SystemExit(130) from None
