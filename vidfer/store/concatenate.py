"""Many caches into one: the clips of parts and of older caches, copied without decoding."""

from __future__ import annotations

import errno
import hashlib
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import h5py
import numpy as np

from vidfer.crops import REGIONS
from vidfer.errors import VidferError
from vidfer.store.durable import replace_durably
from vidfer.store.reader import CropCache
from vidfer.store.records import CachedClip
from vidfer.store.schema import OFFSETS, Header
from vidfer.store.tables import LIBVER, create_tables, write_clip_table


@dataclass(frozen=True)
class StoredClip:
    """Where the crops of a clip lie."""

    path: Path
    """A part or a cache."""
    index: int
    """Which of its clips."""


class DamagedClip(VidferError):
    """The bytes of a stored clip are not those that were written."""

    def __init__(self, stored: StoredClip, clip_id: str) -> None:
        super().__init__(f"clip {clip_id} in {stored.path} is damaged")
        self.stored = stored


def concatenate(
    clips: Sequence[tuple[CachedClip, StoredClip]],
    header: Header,
    out: Path,
    progress: Callable[[int, int], None] | None = None,
) -> str:
    """Write one cache of clips that lie in parts or other caches of the same settings; every byte is checked.

    Args:
        clips: for each clip, how it is to be described (id, label, subject, split, source) and where its
            crops lie.
        header: settings and versions to write.
        out: the cache; it is there whole, or as it was before.
        progress: called with the number of clips copied and the number of all.

    Returns:
        The content hash. It depends on the clips and the settings alone, not on where they came from.

    Raises:
        DamagedClip: when a clip's bytes do not match its hash.
        OSError: for a full disk; ``out`` is as it was.
    """
    clips = sorted(clips, key=lambda pair: pair[0].id)
    sources = _Sources()
    sizes = [sources.sizes(stored) for _, stored in clips]
    temporary = out.with_name(out.name + ".tmp")
    temporary.unlink(missing_ok=True)  # of a killed process
    _check_room(out.parent, sizes, header)
    try:
        with h5py.File(temporary, "w", libver=LIBVER) as file:
            payload = create_tables(file, header, sum(n for n, _ in sizes), sum(n for _, n in sizes))
            records, frame, row = [], 0, 0
            for done, ((described, stored), (n_frames, n_payload)) in enumerate(zip(clips, sizes)):
                record = _copy_clip(sources.open(stored.path), stored, file, payload, frame, row)
                record = replace(record, first_frame=frame).described_as(described)
                records.append(record)
                frame, row = frame + n_frames, row + n_payload
                if progress:
                    progress(done + 1, len(clips))
            content = write_clip_table(file, header, records)
        replace_durably(temporary, out)
    finally:
        sources.close()
        temporary.unlink(missing_ok=True)
    return content


def _check_room(folder: Path, sizes: list[tuple[int, int]], header: Header) -> None:
    """Fail before the disk is full: afterwards HDF5 can neither close its file nor be trusted."""
    per_row = 1 if header.codec == "jpeg" else len(REGIONS) * header.size_px**2 * 3
    needed = sum(100 * n_frames + per_row * n_rows for n_frames, n_rows in sizes)
    if shutil.disk_usage(folder).free < needed:
        raise OSError(errno.ENOSPC, f"No space left for a file of {needed / 1e6:.0f} MB")


def copy_digest(cache: CropCache, index: int, write: Callable[[int, np.ndarray], None] | None = None) -> str:
    """The hash of a clip's frame table and crops, as read from the file now.

    Args:
        cache: where it lies.
        index: which clip.
        write: called with the position and the bytes (bytes,) uint8 of each piece of crops.
    """
    digest, position = hashlib.sha256(), 0
    for column in cache.frames(index).columns().values():
        digest.update(column.tobytes())
    for piece in cache.payload(index):
        digest.update(piece)
        if write:
            write(position, piece)
        position += len(piece)
    if cache.header.codec == "jpeg":
        digest.update(cache.offsets(index).astype("<i8").tobytes())
    return digest.hexdigest()


def _copy_clip(cache: CropCache, stored: StoredClip, file, payload, frame: int, row: int) -> CachedClip:
    record = cache.clips[stored.index]
    row_shape = payload.shape[1:]
    row_bytes = int(np.prod(row_shape, dtype=np.int64))

    def write(position: int, piece: np.ndarray) -> None:
        begin = row + position // row_bytes
        payload[begin : begin + len(piece) // row_bytes] = piece.reshape(-1, *row_shape)

    if copy_digest(cache, stored.index, write) != record.crops_hash or record.fingerprint() != record.hash:
        raise DamagedClip(stored, record.id)
    for name, column in cache.frames(stored.index).columns().items():
        file["frames"][name][frame : frame + record.n_frames] = column
    if cache.header.codec == "jpeg":
        first, n_regions = frame * len(REGIONS), len(REGIONS)
        file[OFFSETS][first : first + record.n_frames * n_regions + 1] = row + cache.offsets(stored.index)
    return record


class _Sources:
    """Opens one source at a time: as many parts as clips would be too many open files."""

    def __init__(self) -> None:
        self.cache: CropCache | None = None

    def open(self, path: Path) -> CropCache:
        if self.cache is None or self.cache.path != path:
            self.close()
            self.cache = CropCache(path)
        return self.cache

    def sizes(self, stored: StoredClip) -> tuple[int, int]:
        """Frames and rows of payload of a clip."""
        cache = self.open(stored.path)
        n_frames = cache.clips[stored.index].n_frames
        return n_frames, int(cache.offsets(stored.index)[-1]) if cache.header.codec == "jpeg" else n_frames

    def close(self) -> None:
        if self.cache is not None:
            self.cache.close()
            self.cache = None
