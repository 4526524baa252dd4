"""Files that are there as a whole or not at all, and that survive a power cut."""

from __future__ import annotations

import errno
import json
import os
import stat
from pathlib import Path
from typing import Any

from vidfer.errors import VidferError


def replace_durably(temporary: Path, path: Path) -> None:
    """Give a finished file its name, after its bytes and before the name have reached the disk.

    What it replaces keeps its permissions: crops of faces may be nobody else's business.
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
    """What a file takes: less than its size where nothing has been written yet; 0 when there is none."""
    return path.stat().st_blocks * 512 if path.exists() else 0


def disk_fault(place: Path, error: Exception) -> VidferError:
    """The message for a disk that is full or broken."""
    full = getattr(error, "errno", None) == errno.ENOSPC or "No space left" in str(error)
    what = "the disk is full" if full else f"writing failed ({' '.join(str(error).split())})"
    return VidferError(
        f"{what}: {place}. The clips finished so far are kept; make room and start the same command again, "
        f"it goes on from them"
    )


def write_text(path: Path, text: str) -> None:
    """Writes a text file under a temporary name and renames it; makes its folder if needed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_bytes(text.encode())
    replace_durably(temporary, path)


def write_json(path: Path, value: Any) -> None:
    """Writes plain JSON data for people to read, as :func:`write_text` does."""
    write_text(path, json.dumps(value, indent=2) + "\n")
