"""Many caches into one: the clips of parts and of older caches, copied without decoding."""

from __future__ import annotations

import errno
import hashlib
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from vidfer.build.part import Part
from vidfer.build.parts_folder import PartsFolder
from vidfer.errors import VidferError
from vidfer.files import bytes_on_disk, replace_durably
from vidfer.store.reader import CropCache
from vidfer.store.records import CachedClip
from vidfer.store.schema import Header
from vidfer.store.shard import Shard
from vidfer.store.skeleton import Filling, Place, write_skeleton

HDF5_SIGNATURE = b"\x89HDF"

SYNC_BYTES = 256 << 20
"""Parts are deleted when so much has been copied and has reached the disk."""


@dataclass(frozen=True)
class StoredClip:
    """Where the crops of a clip lie."""

    path: Path
    """A part or a cache."""
    index: int
    """Which of its clips; a part has one for each person of a clip, the main one is 0."""


class DamagedClip(VidferError):
    """The bytes of stored clips are not those that were written."""

    def __init__(self, damaged: dict[str, StoredClip]) -> None:
        clip_id, stored = next(iter(damaged.items()))
        more = f" and {len(damaged) - 1} more clips" if len(damaged) > 1 else ""
        super().__init__(
            f"clip {clip_id} in {stored.path} is damaged{more}; `vidfer verify {stored.path}` lists what is "
            f"broken, and its --repair mends it from the videos"
        )
        self.damaged = damaged
        """By id."""


def concatenate(
    clips: Sequence[tuple[CachedClip, StoredClip]],
    header: Header,
    out: Path,
    progress: Callable[[int, int], None] | None = None,
    *,
    shard: Shard | None = None,
    parts: PartsFolder | None = None,
) -> str:
    """Write one cache of clips that lie in parts or other caches of the same settings; every byte is checked.

    Args:
        clips: for each clip, how it is to be described (id, label, subject, split, source; the id may be a
            new one) and where its crops lie.
        header: settings and versions to write.
        out: the cache; it is there whole, or as it was before.
        progress: called with the number of clips copied and the number of all.
        shard: which share of a list of clips this is.
        parts: join in a file in this folder, which stays when joining is cut short and is gone on with; and
            delete parts there as soon as their clips have safely arrived in it, so that joining takes no
            room twice over.

    Returns:
        The content hash. It depends on the clips and the settings alone, not on where they came from.

    Raises:
        VidferError: for two clips of one id.
        DamagedClip: when bytes of clips do not match their hashes; with ``parts`` all others have been
            copied by then.
        OSError: for a full disk; ``out`` is as it was.
    """
    clips = sorted(clips, key=lambda pair: pair[0].id)
    sources = _Sources(header)
    temporary = out.with_name(out.name + ".tmp")
    try:
        layout = _lay_out(clips, sources)
        target = _joined_file(parts, layout, header, shard) if parts else temporary
        _check_room(target, layout, parts)
        if not (parts and target.exists()):
            write_skeleton(temporary, header, layout.records, layout.sizes, shard)
            if parts:
                replace_durably(temporary, target)
        _copy_all(layout, sources, target, parts, progress)
        finished = CropCache(target)
        finished.close()
        replace_durably(target, out)
    finally:
        sources.close()
        temporary.unlink(missing_ok=True)
    return finished.content_hash


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


@dataclass(frozen=True)
class _Layout:
    """What the new cache will hold and where."""

    stored: list[StoredClip]
    """Where each clip is now."""
    records: list[CachedClip]
    sizes: list[int]
    """Bytes of the crops of each clip."""


def _lay_out(clips: Sequence[tuple[CachedClip, StoredClip]], sources: _Sources) -> _Layout:
    layout, damaged = _Layout([], [], []), {}
    first_frame, before = 0, None
    for described, stored in clips:
        if described.id == before:
            raise VidferError(f"two clips have the id '{before}'; one is in {stored.path}")
        before = described.id
        try:
            record, size = sources.describe(described.id, stored)
        except DamagedClip as error:
            damaged |= error.damaged
            continue
        record = replace(record, id=described.id, first_frame=first_frame)
        layout.stored.append(stored)
        layout.records.append(record.described_as(described))
        layout.sizes.append(size)
        first_frame += record.n_frames
    if damaged:
        raise DamagedClip(damaged)
    return layout


def _joined_file(parts: PartsFolder, layout: _Layout, header: Header, shard: Shard | None) -> Path:
    """The file in which an earlier start began to join just these clips, or a new one.

    An earlier one that does not fit stays: it may hold clips whose parts are deleted.
    """
    for path in parts.joined():
        cache = CropCache(path)
        fits = (cache.header, cache.shard, list(cache.clips)) == (header, shard, layout.records)
        cache.close()
        if fits:
            return path
    return parts.new_joined()


def _check_room(target: Path, layout: _Layout, parts: PartsFolder | None) -> None:
    """Fail before the disk is full, with what will be deleted on the way taken into account."""
    n_bytes, longest = 0, 0
    for stored, record, size in zip(layout.stored, layout.records, layout.sizes):
        size += 100 * record.n_frames
        longest = max(longest, size)
        if not (parts and stored.path.parent == parts.folder):
            n_bytes += size
    if parts:
        n_bytes += min(SYNC_BYTES + longest, sum(layout.sizes) - n_bytes)
        n_bytes -= bytes_on_disk(target)
    if shutil.disk_usage(target.parent).free < n_bytes:
        raise OSError(errno.ENOSPC, f"No space left for {n_bytes / 1e6:.0f} MB more")


def _copy_all(
    layout: _Layout,
    sources: _Sources,
    target: Path,
    parts: PartsFolder | None,
    progress: Callable[[int, int], None] | None,
) -> None:
    filling = Filling(target)
    waiting = Counter(stored.path for stored in layout.stored)
    arrived, unsynced, first_byte, damaged = [], 0, 0, {}
    try:
        for done, (stored, record, size) in enumerate(zip(layout.stored, layout.records, layout.sizes), 1):
            try:
                place = Place(record.first_frame, first_byte)
                sources.copy(record.id, stored, None if stored.path == target else filling, place)
                waiting[stored.path] -= 1
            except DamagedClip as error:
                if not parts:
                    raise
                damaged |= error.damaged
            first_byte += size
            if parts and parts.is_part(stored.path) and not waiting[stored.path]:
                arrived.append(stored.path)
                unsynced += size
                if unsynced >= SYNC_BYTES:
                    filling.sync()
                    _delete(arrived)
                    unsynced = 0
            if progress:
                progress(done, len(layout.stored))
        filling.sync()
    finally:
        filling.close()
    if damaged:
        raise DamagedClip(damaged)


def _delete(parts: list[Path]) -> None:
    """Delete parts whose clips are safe elsewhere."""
    for path in parts:
        path.unlink()
    parts.clear()


class _Sources:
    """Keeps caches open, and one part at a time: as many parts as clips would be too many open files."""

    def __init__(self, header: Header) -> None:
        self.header = header
        self.caches: dict[Path, CropCache] = {}
        self.part: Part | None = None

    def describe(self, clip_id: str, stored: StoredClip) -> tuple[CachedClip, int]:
        """The record of a clip, and the bytes of its crops."""
        with _damage(clip_id, stored):
            cache = self._open(stored.path)
            record = cache.clips[stored.index]
            if record.fingerprint() != record.hash:
                raise DamagedClip({clip_id: stored})
            return record, cache.payload_bytes(stored.index)

    def copy(self, clip_id: str, stored: StoredClip, filling: Filling | None, place: Place) -> None:
        """Check a clip, copying it if it shall be."""
        with _damage(clip_id, stored):
            cache, index = self._open(stored.path), stored.index
            done = 0

            def write(piece: np.ndarray) -> None:
                nonlocal done
                filling.write_crops(place, done, piece)
                done += len(piece)

            if copy_digest(cache, index, filling and write) != cache.clips[index].crops_hash:
                raise DamagedClip({clip_id: stored})
            if filling:
                offsets = cache.offsets(index) if cache.header.codec == "jpeg" else None
                filling.write_tables(place, cache.frames(index).columns(), offsets)

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
    except DamagedClip:
        raise
    except VidferError as error:
        raise DamagedClip({clip_id: stored}) from error


def _is_hdf5(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(HDF5_SIGNATURE)) == HDF5_SIGNATURE
    except OSError as error:
        raise VidferError(f"{path} cannot be read ({error})") from error
