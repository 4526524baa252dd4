"""The one exception that people are meant to read, and how a program ends with it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


class VidferError(Exception):
    """A mistake that the user can mend.

    The message gives the value, the file and the remedy. Commands and recipes print it alone, without a
    traceback, and end with exit status 2 (see :func:`exit_on_user_error`).
    """


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
