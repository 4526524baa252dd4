"""Files that are complete or absent at any moment, and that survive a power cut."""

from __future__ import annotations

import errno
import json
import os
import stat
from pathlib import Path
from typing import Any

from vidfer.errors import DiskError


def replace_durably(temporary: Path, path: Path) -> None:
    """Give a finished file its final name, in an order that survives a power cut.

    First the bytes of the file reach the disk, then its name. A file that is replaced hands its permissions
    on: crops of faces may be private.
    """
    if path.exists():
        temporary.chmod(stat.S_IMODE(path.stat().st_mode))
    sync(temporary)
    temporary.replace(path)
    sync(path.parent)


def sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, have reached the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def bytes_on_disk(path: Path) -> int:
    """Bytes that a file takes on disk. Places where nothing is written yet do not count; 0 for no file."""
    return path.stat().st_blocks * 512 if path.exists() else 0


def is_disk_full(error: Exception) -> bool:
    """Whether what the system or HDF5 has raised says that the disk is full."""
    return getattr(error, "errno", None) == errno.ENOSPC or "No space left" in str(error)


def disk_fault(place: Path, error: Exception) -> DiskError:
    """The error for a disk that is full or broken, from what the system or HDF5 has raised."""
    what = "the disk is full" if is_disk_full(error) else f"writing failed ({' '.join(str(error).split())})"
    return DiskError(
        f"{what}: {place}. The clips finished so far are kept; free some space, then start the same command "
        f"again, and it continues from there"
    )


def write_text(path: Path, text: str) -> None:
    """Write a text file under a temporary name and rename it. Its folder is made if needed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_bytes(text.encode())
    replace_durably(temporary, path)


def write_json(path: Path, value: Any) -> None:
    """Write plain JSON data for people to read, as :func:`write_text` does."""
    write_text(path, json.dumps(value, indent=2) + "\n")
