"""Checking that a cache holds what was written into it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from vidfer.errors import VidferError
from vidfer.store.concatenate import copy_digest
from vidfer.store.reader import CropCache
from vidfer.store.schema import content_hash, provenance_hash


@dataclass(frozen=True)
class Fault:
    """Something in a cache that is not as it was written."""

    clip: str | None
    """Id of the clip; None when the file as a whole is meant."""
    what: str

    def __str__(self) -> str:
        return f"{self.clip or 'the file'}: {self.what}"


def verify_cache(path: Path | str, progress: Callable[[int, int], None] | None = None) -> list[Fault]:
    """Recompute every hash of a cache: finds one flipped bit in crops, frame tables, records or settings.

    Args:
        path: the cache.
        progress: called with the number of clips checked and the number of all.

    Returns:
        The faults, in order of clip; none when the cache is sound.

    Raises:
        VidferError: when the file cannot be opened as a cache of this schema at all.
    """
    cache = CropCache(path)
    try:
        header, clips, provenance = cache.header, cache.clips, cache.provenance_hash
    except VidferError as error:
        return [Fault(None, str(error))]
    faults = []
    first = 0
    for index, clip in enumerate(clips):
        if clip.first_frame != first:
            faults.append(Fault(clip.id, f"its frames begin at row {clip.first_frame}, not {first}"))
        elif clip.fingerprint() != clip.hash:
            faults.append(Fault(clip.id, "its record does not match its hash"))
        else:
            faults.extend(_crop_faults(cache, index))
        first = first + clip.n_frames
        if progress:
            progress(index + 1, len(clips))
    try:
        expected = content_hash(header, [clip.hash for clip in clips])
    except ValueError:
        expected = None
    if expected != cache.content_hash:
        faults.append(Fault(None, "settings or list of clips do not match the content hash"))
    if provenance_hash(header, [c.reason for c in clips], [c.file_size for c in clips]) != provenance:
        faults.append(Fault(None, "versions, reasons of failures or file sizes do not match their hash"))
    cache.close()
    return faults


def _crop_faults(cache: CropCache, index: int) -> list[Fault]:
    clip = cache.clips[index]
    try:
        sound = copy_digest(cache, index) == clip.crops_hash
    except VidferError as error:
        return [Fault(clip.id, str(error))]
    return [] if sound else [Fault(clip.id, "its frame table or crops do not match their hash")]
