"""One writer at a time."""

from __future__ import annotations

import fcntl
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vidfer.errors import VidferError

WAIT_S = 10.0
"""So long the processes of an interrupted start are given to end."""


@contextmanager
def sole_writer(folder: Path, what: Path, name: str = "lock") -> Iterator[None]:
    """Hold a lock file of a folder, which is made if need be.

    The kernel drops the lock with the process, so that one left by a dead process blocks nobody.

    Raises:
        VidferError: when another process holds it, naming that process.
    """
    descriptor = _open_and_lock(folder / name, what)
    try:
        os.truncate(descriptor, 0)
        os.pwrite(descriptor, f"process {os.getpid()} on {socket.gethostname()}".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def wait_until_free(path: Path, what: Path) -> None:
    """Return when nobody holds a lock file.

    Raises:
        VidferError: when somebody holds it for long, naming that process.
    """
    deadline = time.monotonic() + WAIT_S
    while True:
        try:
            os.close(_open_and_lock(path, what))
            return
        except VidferError:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.2)


def _open_and_lock(path: Path, what: Path) -> int:
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        except FileNotFoundError:  # the other writer has just finished and removed the folder
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 200, 0).decode("utf-8", "replace") or "another process"
            os.close(descriptor)
            raise VidferError(
                f"{holder} is building {what} at this moment; wait until it ends, or choose another --out"
            ) from None
        try:
            if os.fstat(descriptor).st_ino == path.stat().st_ino:
                return descriptor
        except FileNotFoundError:
            pass
        os.close(descriptor)  # we locked a file that its last holder has removed
