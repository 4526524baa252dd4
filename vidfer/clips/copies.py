"""Finds films that seem to be copies of others, without reading them."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

N_PLACES, PLACE_BYTES = 16, 2**16
"""Files of one size are compared at so many places; small files as a whole."""


def find_copies(paths: Iterable[Path]) -> list[tuple[Path, Path]]:
    """Pairs of a file that seems to be a copy, and the first file that it seems to be a copy of.

    They have one size, and the same content wherever it was compared. Folders and files that cannot be read
    are no copies.
    """
    by_size: dict[int, list[Path]] = {}
    for path in paths:
        with suppress(OSError):
            about = path.stat()
            if stat.S_ISREG(about.st_mode):
                by_size.setdefault(about.st_size, []).append(path)
    found: list[tuple[Path, Path]] = []
    for size, files in by_size.items():
        first: dict[bytes, Path] = {}
        for file in files if size and len(files) > 1 else ():
            try:
                original = first.setdefault(_sample(file, size), file)
            except OSError:  # reading the film says why
                continue
            if original is not file:
                found.append((file, original))
    return found


def _sample(file: Path, size: int) -> bytes:
    with file.open("rb") as opened:
        if size <= N_PLACES * PLACE_BYTES:
            return hashlib.sha256(opened.read()).digest()
        digest = hashlib.sha256()
        for i in range(N_PLACES):
            opened.seek((size - PLACE_BYTES) * i // (N_PLACES - 1))
            digest.update(opened.read(PLACE_BYTES))
    return digest.digest()
