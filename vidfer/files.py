"""Files that are complete or absent at any moment, and that survive a power cut."""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from vidfer.errors import DiskError, is_disk_full

LONGEST_NAME = 255
"""Bytes that file systems take for the name of a file."""
TEMPORARY = ".tmp"
"""Behind the name of a file that is being written."""


def file_name(stem: str, ending: str) -> str:
    """A stem with an ending. A stem that is too long for it is cut, and ends in a part of its hash.

    Room is left for :data:`TEMPORARY`.

    >>> file_name("film", ".eaf")
    'film.eaf'
    >>> file_name("x" * 251, ".eaf")[-20:]
    'xxxxxxx~90d738c3.eaf'
    """
    whole, room = os.fsencode(stem), LONGEST_NAME - len(os.fsencode(ending + TEMPORARY))
    if len(whole) <= room:
        return stem + ending
    mark = f"~{hashlib.sha256(whole).hexdigest()[:8]}"
    return whole[: room - len(mark)].decode(errors="ignore") + mark + ending


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


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, 64 hex digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def bytes_on_disk(path: Path) -> int:
    """Bytes that a file takes on disk. Places where nothing is written yet do not count; 0 for no file."""
    return path.stat().st_blocks * 512 if path.exists() else 0


def disk_fault(place: Path, error: Exception) -> DiskError:
    """The error for a disk that is full or broken, from what the system or HDF5 has raised."""
    what = "the disk is full" if is_disk_full(error) else f"writing failed ({' '.join(str(error).split())})"
    return DiskError(
        f"{what}: {place}. The clips finished so far are kept; free some space, then start the same command "
        f"again, and it continues from there"
    )


OS_ERROR = re.compile(r"\(os error (\d+)\)")
"""How safetensors, which is written in Rust, tells the number of an error of the system."""

AGAIN = "free some space, then start the same command again"


@contextmanager
def writing(place: Path, remedy: str = AGAIN) -> Iterator[None]:
    """Turn the error of a disk that is full, whoever raises it, into a :class:`vidfer.errors.DiskError`.

    What else the system has told safetensors becomes an OSError again.

    Args:
        place: the file or folder that is written.
        remedy: what to do.
    """
    try:
        yield
    except Exception as error:
        if is_disk_full(error):
            raise DiskError(f"the disk is full: {place} cannot be written; {remedy}") from error
        if not isinstance(error, OSError) and (told := OS_ERROR.search(str(error))):
            number = int(told[1])
            raise OSError(number, os.strerror(number), str(place)) from error
        raise


def write_text(path: Path, text: str) -> None:
    """Write a text file in UTF-8, as :func:`write_bytes` does."""
    write_bytes(path, text.encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file under a temporary name and rename it. Its folder is made if needed.

    Raises:
        DiskError: the disk is full. The file is as it was.
    """
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(path.name + TEMPORARY)
        try:
            temporary.write_bytes(content)
            replace_durably(temporary, path)
        except OSError as error:
            if is_disk_full(error):
                temporary.unlink(missing_ok=True)
            raise


def write_json(path: Path, value: Any) -> None:
    """Write plain JSON data for people to read, as :func:`write_text` does."""
    write_text(path, json.dumps(value, indent=2) + "\n")
