"""Clips whose crops lie in finished files: where they are, and how they are copied and checked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vidfer.build.part import Part
from vidfer.errors import CacheError
from vidfer.store.hashes import ClipSource, clip_digest
from vidfer.store.reader import CropCache
from vidfer.store.records import CachedClip, frame_columns
from vidfer.store.schema import Header
from vidfer.store.writer import CacheWriter

HDF5_SIGNATURE = b"\x89HDF"

OPEN_PARTS = 32
"""Each of several processes makes groups of neighbours among its own clips."""


@dataclass(frozen=True)
class StoredClip:
    """A clip whose crops lie in a file."""

    record: CachedClip
    """How the new cache describes it: id, label, subject, split and source."""
    path: Path
    """The file: a part or a cache."""
    index: int
    """Its position among the clips of the file. A part has one clip per face; the main one is 0."""


class DamagedClip(CacheError):
    """The bytes of stored clips are not those that were written."""

    def __init__(self, damaged: dict[str, StoredClip]) -> None:
        clip_id, stored = next(iter(damaged.items()))
        more = f", and so are {len(damaged) - 1} other clips" if len(damaged) > 1 else ""
        super().__init__(
            f"clip {clip_id} in {stored.path} is damaged{more}; `vidfer verify {stored.path}` lists what is "
            f"damaged; with --repair it makes that again from the videos"
        )
        self.damaged = damaged
        """The clips by id."""


class ClipFiles:
    """The files that clips are copied from.

    Caches stay open. Of the parts only the last few are open: there may be as many of them as clips.

    Args:
        header: settings of the new cache, which are those of the parts.
    """

    def __init__(self, header: Header) -> None:
        self.header = header
        self.caches: dict[Path, CropCache] = {}
        self.parts: dict[Path, Part] = {}

    def describe(self, stored: StoredClip) -> tuple[CachedClip, int]:
        """The record that a clip has in its file, and the bytes of its crops.

        Raises:
            DamagedClip: the record does not match its hash, or the file cannot be read.
        """
        with _reported_as_damage(stored):
            file = self._open(stored.path)
            record = file.records[stored.index]
            if record.fingerprint() != record.hash:
                raise DamagedClip({stored.record.id: stored})
            return record, file.payload_bytes(stored.index)

    def check(self, stored: StoredClip) -> None:
        """Compare the crops and frame columns of a clip with their hash.

        Raises:
            DamagedClip: they do not match it, or the file cannot be read.
        """
        with _reported_as_damage(stored):
            file = self._open(stored.path)
            if clip_digest(file, stored.index) != file.records[stored.index].crops_hash:
                raise DamagedClip({stored.record.id: stored})

    def copy(self, stored: StoredClip, writer: CacheWriter, first_byte: int) -> None:
        """Copy the crops and frame columns of a clip, and compare them with their hash.

        Args:
            stored: the clip; its record says at which frame it begins in the new cache.
            writer: writes the new cache.
            first_byte: where its crops begin there.

        Raises:
            DamagedClip: as :meth:`check`.
            OSError: the new cache cannot be written.
        """
        with _reported_as_damage(stored):
            file, index, n_written = self._open(stored.path), stored.index, 0

            def write(piece: np.ndarray) -> None:
                nonlocal n_written
                writer.write_crops(first_byte + n_written, piece)
                n_written += len(piece)

            if clip_digest(file, index, write) != file.records[index].crops_hash:
                raise DamagedClip({stored.record.id: stored})
            offsets = file.offsets(index) if file.header.codec == "jpeg" else None
            columns = frame_columns(file.frames(index))
            writer.write_frames(stored.record.first_frame, first_byte, columns, offsets)

    def close(self) -> None:
        """Close all files."""
        for file in (*self.caches.values(), *self.parts.values()):
            file.close()
        self.caches, self.parts = {}, {}

    def _open(self, path: Path) -> ClipSource:
        if path in self.caches:
            return self.caches[path]
        if path not in self.parts:
            if _is_hdf5(path):
                self.caches[path] = CropCache(path)
                return self.caches[path]
            while len(self.parts) >= OPEN_PARTS:
                self.parts.pop(next(iter(self.parts))).close()
            self.parts[path] = Part(path, self.header)
        return self.parts[path]


class _reported_as_damage:
    """Report whatever is wrong with the file of a clip as damage. An OSError is then about the new cache.

    It is no generator for the reason of :class:`vidfer.store.open.reported_as_damage`.
    """

    def __init__(self, stored: StoredClip) -> None:
        self.stored = stored

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        if isinstance(error, CacheError) and not isinstance(error, DamagedClip):
            raise DamagedClip({self.stored.record.id: self.stored}) from error


def _is_hdf5(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(HDF5_SIGNATURE)) == HDF5_SIGNATURE
    except OSError as error:
        raise CacheError(f"{path} cannot be read ({error})") from error
