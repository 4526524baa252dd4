"""Copying a large file as cheaply as its file system can."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path

STEP_BYTES = 1 << 30
TABLE_BYTES = 64 << 20
"""Room to leave for what is written into the copy."""

CANNOT = (errno.EXDEV, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL, errno.EPERM)
"""What copy_file_range says where the kernel or the file system does not have it."""


def copy_file(source: Path, target: Path, progress: Callable[[int, int], None] | None = None) -> None:
    """Copy a file; Btrfs, XFS and others share its bytes, NFS 4.2 copies them where they are kept.

    Args:
        source: the file.
        target: the copy; replaced if it is there.
        progress: called with the megabytes copied and the number of all.

    Raises:
        OSError: for a full disk, at the latest when a little more than the copy would not fit.
    """
    with source.open("rb", buffering=0) as old, target.open("wb", buffering=0) as new:
        n_bytes, done = os.fstat(old.fileno()).st_size, 0
        while done < n_bytes:
            copied = _copy_range(old.fileno(), new.fileno(), min(STEP_BYTES, n_bytes - done))
            if not copied:
                raise OSError(errno.EIO, f"{source} ended after {done} of {n_bytes} bytes")
            done += copied
            if progress:
                progress(done >> 20, n_bytes >> 20)
    if shutil.disk_usage(target.parent).free < TABLE_BYTES:
        raise OSError(errno.ENOSPC, f"No space left for {TABLE_BYTES >> 20} MB more")


def _copy_range(old: int, new: int, n_bytes: int) -> int:
    """Copy from where both files are; number of bytes copied."""
    try:
        if copied := os.copy_file_range(old, new, n_bytes):
            return copied  # some file systems cannot, and say so by copying nothing
    except OSError as error:
        if error.errno not in CANNOT:
            raise
    except AttributeError:  # not Linux
        pass
    data = os.read(old, min(n_bytes, 16 << 20))
    written = 0
    while written < len(data):
        written += os.write(new, data[written:])
    return len(data)
