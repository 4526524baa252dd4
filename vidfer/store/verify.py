"""Checking that a cache still holds what was written into it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vidfer.errors import CacheError
from vidfer.store.clip_table import number_column
from vidfer.store.hashes import clip_digest, content_hash, provenance_hash
from vidfer.store.open import open_cache
from vidfer.store.reader import CropCache
from vidfer.store.schema import NUMBER_COLUMNS

UNREADABLE = "its settings or its list of clips cannot be read"
CONTENT = "its settings or its list of clips do not match the content hash"
PROVENANCE = "its versions, reasons of failures or file sizes do not match their hash"
"""What may be wrong with a file as a whole. The content hash promises nothing about the last one."""


@dataclass(frozen=True)
class Fault:
    """Something in a cache that is not as it was written."""

    clip: str | None
    """Id of the clip; None for a fault of the file as a whole."""
    what: str
    position: int | None = None
    """Position of the clip in the cache: its id may be what is damaged."""

    def __str__(self) -> str:
        return f"{self.clip or 'the file'}: {self.what}"


def verify_cache(path: Path | str, progress: Callable[[int, int], None] | None = None) -> list[Fault]:
    """Recompute every hash of a cache. One flipped bit in crops, frame tables, records or settings is found.

    The file is read once from beginning to end, from the disk itself and not from the system's memory of it.
    Memory holds the clip table and a few megabytes.

    Args:
        path: the cache.
        progress: called with the number of clips checked and the number of all.

    Returns:
        The faults in order of clip, then those of the whole file. The list is empty for a sound cache.

    Raises:
        CacheError: the file cannot be opened as a cache of this schema.
    """
    _drop_from_memory(Path(path))
    cache = CropCache(path)
    try:
        records, whole = record_faults(cache)
    except CacheError as error:
        return [Fault(None, f"{UNREADABLE} ({_cause(error)})")]
    faults = []
    for position, clip in enumerate(cache.records):
        fault = records.get(position) or _crop_fault(cache, position)
        if fault:
            faults.append(Fault(clip.id, fault, position))
        if progress:
            progress(position + 1, len(cache))
    cache.close()
    return faults + whole


def record_faults(cache: CropCache) -> tuple[dict[int, str], list[Fault]]:
    """Check the clip table and the settings. This is quick, since no crop is read.

    Returns:
        What is wrong with the records of clips, by position, and what is wrong with the file as a whole.

    Raises:
        CacheError: the clip table or the settings cannot be read.
    """
    header, clips, provenance = cache.header, cache.records, cache.provenance_hash
    records = dict.fromkeys(_odd_rows(cache), "its record is not as it was written")
    first: int | None = 0
    for position, clip in enumerate(clips):
        if clip.fingerprint() != clip.hash:
            records[position] = "its record does not match its hash"
            first = None  # its number of frames may be wrong; so the place of the next clip is not checked
            continue
        if first is not None and clip.first_frame != first:
            records[position] = f"its frames begin at row {clip.first_frame}, not {first}"
        else:
            first = clip.first_frame
        first += clip.n_frames
    whole = []
    try:
        expected = content_hash(header, clips)
    except ValueError:  # a damaged hash is not a hexadecimal number any more
        expected = None
    if expected != cache.content_hash:
        whole.append(Fault(None, CONTENT))
    if provenance_hash(header, clips) != provenance:
        whole.append(Fault(None, PROVENANCE))
    return records, whole


def _crop_fault(cache: CropCache, position: int) -> str | None:
    try:
        sound = clip_digest(cache, position) == cache.records[position].crops_hash
    except CacheError as error:
        return f"its frame table or crops cannot be read ({_cause(error)})"
    return None if sound else "its frame table or crops do not match their hash"


def _odd_rows(cache: CropCache) -> list[int]:
    """Clips with a number that has the right value in other bits than were written, such as another NaN."""
    odd = np.zeros(len(cache), bool)
    rows = [clip.columns() for clip in cache.records]
    with open_cache(cache.path) as file:
        for name in NUMBER_COLUMNS:
            written = number_column(name, [row[name] for row in rows])
            same = np.frombuffer(file["clips"][name][:].tobytes(), "u1") == np.frombuffer(written, "u1")
            odd |= ~same.reshape(len(cache), -1).all(axis=1)
    return np.flatnonzero(odd).tolist()


def _cause(error: BaseException) -> str:
    """What HDF5 said, without the advice to run `vidfer verify`, which is running."""
    while error.__cause__ is not None:
        error = error.__cause__
    return str(error)


def _drop_from_memory(path: Path) -> None:
    """Ask the system to forget what it holds of the file in memory, so that the disk is checked."""
    if not path.is_file() or not hasattr(os, "posix_fadvise"):
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)
