"""A part: a finished clip with all its faces in a file of its own, or a group of small clips. It is there
complete or not at all.

Parts live only while a cache is built, often many thousands of them. So they are plain bytes, which cost a
twentieth of an HDF5 file. They are not synced to disk: a part that a power cut has damaged does not match its
hash, and its clip is read again.

The bytes in order: MAGIC; for each face of each clip its crops, its frame columns and, for JPEGs, their
offsets; the records of all faces with the sizes of their crops as JSON; the length of that JSON (8 bytes);
its SHA-256.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from vidfer.crops import REGIONS
from vidfer.crops.track.followed_face import FaceTrack
from vidfer.errors import CacheError
from vidfer.store.records import CachedClip
from vidfer.store.schema import FRAME_COLUMNS, Header

MAGIC = b"VFRPART2"
END_BYTES = 8 + 32
BLOCK_BYTES = 4 << 20
"""Crops are read in pieces of this size."""


class Part:
    """A part opened for reading; a :class:`vidfer.store.hashes.ClipSource`.

    Args:
        path: the part.
        header: settings of the cache that it belongs to.

    Raises:
        CacheError: the part cannot be read, or is not complete.
    """

    def __init__(self, path: Path, header: Header) -> None:
        self.path, self.header = path, header
        try:
            self._file = os.open(path, os.O_RDONLY)
        except OSError as error:
            raise CacheError(f"{path} cannot be read ({error}); check the disk") from error
        try:
            self._size = os.fstat(self._file).st_size
            end = self._size - END_BYTES
            tail = self._read(end, END_BYTES)
            n_text = int.from_bytes(tail[:8], "little")
            text = self._read(end - n_text, n_text)
            if hashlib.sha256(text).digest() != tail[8:]:
                raise ValueError("its record does not match its hash")
            self.records, self._crops, tables_end = self._parse(json.loads(text))
            if tables_end != end - n_text:
                raise ValueError("its crops are of another size")
        except (CacheError, OSError, ValueError, TypeError, KeyError) as error:
            os.close(self._file)
            raise CacheError(f"{path} is damaged ({error}); delete it, and its clip is read again") from error

    def frames(self, clip: int) -> FaceTrack:
        """Times, boxes, landmarks, scores and status of all frames of a face."""
        return FaceTrack(*self._read_tables(clip)[: len(FRAME_COLUMNS)])

    def offsets(self, clip: int) -> np.ndarray:
        """(3 * n_frames + 1,) int64: where each JPEG begins and ends, from the clip's first byte."""
        return self._read_tables(clip)[-1]

    def payload_bytes(self, clip: int) -> int:
        """Bytes of the crops of a face."""
        return self._crops[clip][1]

    def payload(self, clip: int) -> Iterator[np.ndarray]:
        """The stored crops in pieces of (bytes,) uint8: JPEGs in a row, or raw crops."""
        step = max(1, BLOCK_BYTES // self.header.row_bytes) * self.header.row_bytes
        first, n_bytes = self._crops[clip]
        for begin in range(first, first + n_bytes, step):
            yield np.frombuffer(self._read(begin, min(step, first + n_bytes - begin)), np.uint8)

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def _parse(self, values: list) -> tuple[tuple[CachedClip, ...], list[tuple[int, int]], int]:
        """The records; first byte and number of bytes of the crops of each; and where all tables end."""
        clips, crops, position = [], [], len(MAGIC)
        for record, n_bytes in values:
            record["box_hint"] = record["box_hint"] and tuple(record["box_hint"])
            clips.append(CachedClip.from_columns(record))
            crops.append((position, n_bytes))
            position += n_bytes + sum(_n_bytes(*table) for table in self._tables(clips[-1].n_frames))
        return tuple(clips), crops, position

    def _tables(self, n_frames: int) -> list[tuple[str, tuple[int, ...]]]:
        return _tables(n_frames, self.header.codec)

    def _read_tables(self, clip: int) -> list[np.ndarray]:
        """The frame columns, and for JPEGs their offsets, in one read."""
        tables = self._tables(self.records[clip].n_frames)
        data = self._read(sum(self._crops[clip]), sum(_n_bytes(*table) for table in tables))
        arrays, position = [], 0
        for dtype, shape in tables:
            arrays.append(np.frombuffer(data, dtype, math.prod(shape), position).reshape(shape))
            position += arrays[-1].nbytes
        return arrays

    def _read(self, position: int, n_bytes: int) -> bytes:
        if not 0 <= position <= position + n_bytes <= self._size:
            raise CacheError("it is too short")
        try:
            return os.pread(self._file, n_bytes, position)
        except OSError as error:
            raise CacheError(f"{self.path} is damaged ({error})") from error


def _tables(n_frames: int, codec: str) -> list[tuple[str, tuple[int, ...]]]:
    """Type and shape of each table of a face, in order."""
    tables = [(dtype, (n_frames, *shape)) for dtype, shape in FRAME_COLUMNS.values()]
    return [*tables, ("<i8", (n_frames * len(REGIONS) + 1,))] if codec == "jpeg" else tables


def _n_bytes(dtype: str, shape: tuple[int, ...]) -> int:
    return math.prod(shape) * np.dtype(dtype).itemsize
