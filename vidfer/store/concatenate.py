"""Many caches into one: the clips of parts and of older caches, copied without decoding."""

from __future__ import annotations

import errno
import hashlib
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import h5py
import numpy as np

from vidfer.errors import VidferError
from vidfer.store.durable import replace_durably
from vidfer.store.gather import Gather
from vidfer.store.part import Part
from vidfer.store.reader import CropCache
from vidfer.store.records import CachedClip
from vidfer.store.schema import Header
from vidfer.store.tables import LIBVER, create_tables, write_clip_table

HDF5_SIGNATURE = b"\x89HDF"


@dataclass(frozen=True)
class StoredClip:
    """Where the crops of a clip lie."""

    path: Path
    """A part or a cache."""
    index: int
    """Which of its clips; a part has one, 0."""


class DamagedClip(VidferError):
    """The bytes of a stored clip are not those that were written."""

    def __init__(self, clip_id: str, stored: StoredClip) -> None:
        super().__init__(
            f"clip {clip_id} in {stored.path} is damaged; `vidfer verify {stored.path}` lists what is broken "
            f"and, with --repair, mends it from the videos"
        )


def concatenate(
    clips: Sequence[tuple[CachedClip, StoredClip]],
    header: Header,
    out: Path,
    progress: Callable[[int, int], None] | None = None,
) -> str:
    """Write one cache of clips that lie in parts or other caches of the same settings; every byte is checked.

    Args:
        clips: for each clip, how it is to be described (id, label, subject, split, source; the id may be a
            new one) and where its crops lie.
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
    sources = _Sources(header)
    temporary = out.with_name(out.name + ".tmp")
    temporary.unlink(missing_ok=True)  # of a killed process
    try:
        sizes = [sources.sizes(clip.id, stored) for clip, stored in clips]
        n_frames, n_bytes = sum(n for n, _ in sizes), sum(n for _, n in sizes)
        _check_room(out.parent, 100 * n_frames + n_bytes)
        with h5py.File(temporary, "w", libver=LIBVER) as file:
            gather = Gather(file, create_tables(file, header, n_frames, n_bytes))
            records, first_frame = [], 0
            for described, stored in clips:
                record = sources.copy(described.id, stored, gather)
                record = replace(record, id=described.id, first_frame=first_frame)
                records.append(record.described_as(described))
                first_frame += record.n_frames
                if progress:
                    progress(len(records), len(clips))
            gather.flush()
            content = write_clip_table(file, header, records)
        replace_durably(temporary, out)
    finally:
        sources.close()
        temporary.unlink(missing_ok=True)
    return content


def damaged_among(clips: Sequence[tuple[CachedClip, StoredClip]], header: Header) -> set[str]:
    """Ids of the clips whose bytes do not match their hash; all are read."""
    sources, damaged = _Sources(header), set()
    for clip, stored in clips:
        try:
            sources.copy(clip.id, stored)
        except DamagedClip:
            damaged.add(clip.id)
    sources.close()
    return damaged


def copy_digest(
    cache: CropCache | Part, index: int, write: Callable[[np.ndarray], None] | None = None
) -> str:
    """The hash of a clip's frame table and crops, as read from the file now.

    Args:
        cache: where it lies.
        index: which clip.
        write: called with the bytes (bytes,) uint8 of each piece of crops.
    """
    digest = hashlib.sha256()
    for column in cache.frames(index).columns().values():
        digest.update(column.tobytes())
    for piece in cache.payload(index):
        digest.update(piece)
        if write:
            write(piece)
    if cache.header.codec == "jpeg":
        digest.update(cache.offsets(index).astype("<i8").tobytes())
    return digest.hexdigest()


def _check_room(folder: Path, n_bytes: int) -> None:
    """Fail before the disk is full: afterwards HDF5 can neither close its file nor be trusted."""
    if shutil.disk_usage(folder).free < n_bytes:
        raise OSError(errno.ENOSPC, f"No space left for a file of {n_bytes / 1e6:.0f} MB")


class _Sources:
    """Keeps caches open, and one part at a time: as many parts as clips would be too many open files."""

    def __init__(self, header: Header) -> None:
        self.header = header
        self.caches: dict[Path, CropCache] = {}
        self.part: Part | None = None

    def sizes(self, clip_id: str, stored: StoredClip) -> tuple[int, int]:
        """Frames of a clip, and bytes of its crops."""
        with _damage(clip_id, stored):
            cache = self._open(stored.path)
            return cache.clips[stored.index].n_frames, cache.payload_bytes(stored.index)

    def copy(self, clip_id: str, stored: StoredClip, gather: Gather | None = None) -> CachedClip:
        """Check a clip, copying it if it shall be, and give its record."""
        with _damage(clip_id, stored):
            cache, index = self._open(stored.path), stored.index
            record = cache.clips[index]
            digest = copy_digest(cache, index, gather and gather.add_crops)
            if digest != record.crops_hash or record.fingerprint() != record.hash:
                raise DamagedClip(clip_id, stored)
            if gather:
                offsets = cache.offsets(index) if cache.header.codec == "jpeg" else None
                gather.add_tables(cache.frames(index).columns(), offsets)
        return record

    def close(self) -> None:
        for source in (*self.caches.values(), self.part):
            if source is not None:
                source.close()
        self.caches, self.part = {}, None

    def _open(self, path: Path) -> CropCache | Part:
        if path in self.caches:
            return self.caches[path]
        if self.part is None or self.part.path != path:
            if _is_hdf5(path):
                self.caches[path] = CropCache(path)
                return self.caches[path]
            if self.part is not None:
                self.part.close()
                self.part = None
            self.part = Part(path, self.header)
        return self.part


@contextmanager
def _damage(clip_id: str, stored: StoredClip) -> Iterator[None]:
    """Whatever a source complains of is damage; OSError then means the file that is written."""
    try:
        yield
    except VidferError as error:
        raise DamagedClip(clip_id, stored) from error


def _is_hdf5(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(HDF5_SIGNATURE)) == HDF5_SIGNATURE
    except OSError as error:
        raise VidferError(f"{path} cannot be read ({error})") from error
