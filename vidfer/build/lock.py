"""One process at a time writes a cache."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from vidfer.errors import CacheError

TRY_S = 0.2
"""Time for a writer that has just finished to remove the folder with its lock."""

WAIT_S = 10.0
"""Time for the processes of an interrupted start to end."""


@contextmanager
def sole_writer(folder: Path, out: Path, name: str = "lock") -> Iterator[None]:
    """Hold a lock file while the block runs.

    The kernel releases the lock when the process ends, so a dead process blocks nobody.

    Args:
        folder: where the lock file lies. The folder is made if needed.
        out: the cache that is written, for the message.
        name: of the lock file.

    Raises:
        CacheError: another process holds the lock. The message names that process.
    """
    lock = _acquire(folder / name, out, TRY_S)
    try:
        (folder / name).write_text(f"process {os.getpid()} on {socket.gethostname()}", "utf-8")
        yield
    finally:
        lock.release()


def wait_until_free(path: Path, out: Path) -> None:
    """Return as soon as nobody holds a lock file.

    Raises:
        CacheError: somebody still holds it after ten seconds. The message names that process.
    """
    _acquire(path, out, WAIT_S).release()


def _acquire(path: Path, out: Path, timeout_s: float) -> FileLock:
    # A file system without flock is refused: another kind of lock would outlive a killed process.
    lock = FileLock(path, fallback_to_soft=False)
    try:
        lock.acquire(timeout=timeout_s)
    except Timeout:
        raise CacheError(
            f"{_holder(path)} writes {out} at this moment; wait until it ends, or give another --out"
        ) from None
    return lock


def _holder(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace") or "another process"
    except OSError:
        return "another process"
