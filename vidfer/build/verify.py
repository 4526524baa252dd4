"""Checking that a cache holds what was written into it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vidfer.build.join import copy_digest
from vidfer.errors import VidferError
from vidfer.store.clip_table import number_column
from vidfer.store.reader import CropCache
from vidfer.store.schema import NUMBER_COLUMNS, content_hash, open_cache, provenance_hash

UNREADABLE = "its settings or its list of clips cannot be read"
CONTENT = "settings or list of clips do not match the content hash"
REMARKS = "versions, reasons of failures or file sizes do not match their hash"
"""What may be wrong with a file as a whole; remarks are no part of what the content hash promises."""


@dataclass(frozen=True)
class Fault:
    """Something in a cache that is not as it was written."""

    clip: str | None
    """Id of the clip; None when the file as a whole is meant."""
    what: str
    position: int | None = None
    """Of the clip in the cache; its id may be what is damaged."""

    def __str__(self) -> str:
        return f"{self.clip or 'the file'}: {self.what}"


def verify_cache(path: Path | str, progress: Callable[[int, int], None] | None = None) -> list[Fault]:
    """Recompute every hash of a cache: finds one flipped bit in crops, frame tables, records or settings.

    Reads the file once from its beginning to its end, and from the disk, not from memory where it may still
    lie. Memory holds the clip table and a few megabytes.

    Args:
        path: the cache.
        progress: called with the number of clips checked and the number of all.

    Returns:
        The faults, in order of clip, those of the whole file last; none when the cache is sound.

    Raises:
        VidferError: when the file cannot be opened as a cache of this schema at all.
    """
    _forget_in_memory(Path(path))
    cache = CropCache(path)
    try:
        records, whole = record_faults(cache)
    except VidferError as error:
        return [Fault(None, f"{UNREADABLE} ({_cause(error)})")]
    faults = []
    for position, clip in enumerate(cache.clips):
        fault = records.get(position) or _crop_fault(cache, position)
        if fault:
            faults.append(Fault(clip.id, fault, position))
        if progress:
            progress(position + 1, len(cache))
    cache.close()
    return faults + whole


def record_faults(cache: CropCache) -> tuple[dict[int, str], list[Fault]]:
    """What is wrong with the clip table and the settings; quick, since no crop is read.

    Returns:
        What is wrong with the record of a clip, by position, and what is wrong with the file as a whole.

    Raises:
        VidferError: when the clip table or the settings cannot be read.
    """
    header, clips, provenance = cache.header, cache.clips, cache.provenance_hash
    records = dict.fromkeys(_odd_rows(cache), "its record is not as it was written")
    first: int | None = 0
    for position, clip in enumerate(clips):
        if clip.fingerprint() != clip.hash:
            records[position] = "its record does not match its hash"
            first = None  # its number of frames is not to be trusted; the next clip is checked by its crops
            continue
        if first is not None and clip.first_frame != first:
            records[position] = f"its frames begin at row {clip.first_frame}, not {first}"
        else:
            first = clip.first_frame
        first += clip.n_frames
    whole = []
    try:
        expected = content_hash(header, [clip.hash for clip in clips])
    except ValueError:  # a damaged hash is no number any more
        expected = None
    if expected != cache.content_hash:
        whole.append(Fault(None, CONTENT))
    columns = ([getattr(clip, name) for clip in clips] for name in ("reason", "file_size", "reader"))
    if provenance_hash(header, *columns) != provenance:
        whole.append(Fault(None, REMARKS))
    return records, whole


def _crop_fault(cache: CropCache, position: int) -> str | None:
    try:
        sound = copy_digest(cache, position) == cache.clips[position].crops_hash
    except VidferError as error:
        return f"its frame table or crops cannot be read ({_cause(error)})"
    return None if sound else "its frame table or crops do not match their hash"


def _odd_rows(cache: CropCache) -> list[int]:
    """Clips with a number that means what was written, in other bits: one NaN is as good as another."""
    odd = np.zeros(len(cache), bool)
    with open_cache(cache.path) as file:
        for name in NUMBER_COLUMNS:
            written = number_column(name, cache.clips)
            same = np.frombuffer(file["clips"][name][:].tobytes(), "u1") == np.frombuffer(written, "u1")
            odd |= ~same.reshape(len(cache), -1).all(axis=1)
    return np.flatnonzero(odd).tolist()


def _cause(error: BaseException) -> str:
    """What HDF5 said, without the advice to do what is being done."""
    while error.__cause__ is not None:
        error = error.__cause__
    return str(error)


def _forget_in_memory(path: Path) -> None:
    """Ask the system to drop what it keeps of the file in memory: the disk is what is checked."""
    if not path.is_file() or not hasattr(os, "posix_fadvise"):
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)
