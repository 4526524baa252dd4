"""A part: a finished clip with all its faces in a file of its own. It is there complete or not at all.

Parts live only while a cache is built, often many thousands of them. So they are plain bytes, which cost a
twentieth of an HDF5 file. They are not synced to disk: a part that a power cut has damaged does not match its
hash, and its clip is read again.

The bytes in order: MAGIC; for each face its crops, its frame columns and, for JPEGs, their offsets; the
records of all faces with the sizes of their crops as JSON; the length of that JSON (8 bytes); its SHA-256.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import numpy as np

from vidfer.crops import REGIONS
from vidfer.crops.track.followed_face import FaceTrack
from vidfer.errors import CacheError, DataError
from vidfer.store.codec import encode_jpeg
from vidfer.store.records import CachedClip, frame_columns
from vidfer.store.schema import FRAME_COLUMNS, Header
from vidfer.timing import timed

MAGIC = b"VFRPART2"
END_BYTES = 8 + 32
BLOCK_BYTES = 4 << 20
"""Crops are read in pieces of this size."""

Face = tuple[FaceTrack, Iterable[np.ndarray]]
"""A followed face of T frames, and its crops in pieces of (n, R, S, S, 3) uint8 RGB, T frames in all. The
pieces are read once."""

UNREAD: Sequence[Face] = ((FaceTrack.missing(np.zeros(0)), ()),)
"""The faces of a clip that could not be read: one of no frames."""


def write_part(
    path: Path, header: Header, clip: CachedClip, faces: Iterable[Face] = UNREAD
) -> list[CachedClip]:
    """Write one clip. At any moment ``path`` is absent or complete.

    Memory holds one piece of crops at a time, however long the clip is.

    Args:
        path: the part. Its folder exists.
        header: settings of the cache.
        clip: the record of the clip; numbers of frames and hashes are filled in.
        faces: the faces in the clip, the main one first; at least one.

    Returns:
        The record of each face, as written.

    Raises:
        DataError: there are more or fewer crops than frames, or crops of another size.
        OSError: the disk is full. Nothing is left behind.
    """
    temporary = path.with_name(f"{path.name}.{os.urandom(4).hex()}.tmp")
    written: list[tuple[CachedClip, int]] = []
    try:
        with temporary.open("wb") as file:
            file.write(MAGIC)
            for track_index, (track, crops) in enumerate(faces):
                record = clip.other_face(track_index) if track_index else clip
                written.append(_write_face(file, header, record, track, crops))
            text = json.dumps([[record.columns(), n_bytes] for record, n_bytes in written]).encode("ascii")
            file.write(text + len(text).to_bytes(8, "little") + hashlib.sha256(text).digest())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return [record for record, _ in written]


def _write_face(
    file: BinaryIO, header: Header, record: CachedClip, track: FaceTrack, crops: Iterable[np.ndarray]
) -> tuple[CachedClip, int]:
    """Append the crops and tables of a face; return its record and the bytes of its crops."""
    begin, columns, digest = file.tell(), frame_columns(track), hashlib.sha256()
    for column in columns.values():
        digest.update(column.tobytes())
    write_crops = _write_jpegs if header.codec == "jpeg" else _write_raw
    offsets = write_crops(file, header, columns["status"], crops, digest, record.id)
    n_bytes = file.tell() - begin
    for column in columns.values():
        file.write(column.tobytes())
    file.write(offsets.tobytes())
    digest.update(offsets.tobytes())
    record = replace(
        record,
        first_frame=0,
        n_frames=len(track),
        n_faces=int((columns["status"] > 0).sum()),
        crops_hash=digest.hexdigest(),
    )
    return replace(record, hash=record.fingerprint()), n_bytes


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
            self.clips, self._crops, tables_end = self._parse(json.loads(text))
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
        tables = self._tables(self.clips[clip].n_frames)
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


def _checked_pieces(
    crops: Iterable[np.ndarray], header: Header, n_frames: int, clip_id: str
) -> Iterator[tuple[int, np.ndarray]]:
    """The pieces with the number of their first frame; their size, type and number are checked here."""
    frame, row = 0, (len(REGIONS), header.size_px, header.size_px, 3)
    for piece in crops:
        if piece.shape[1:] != row or piece.dtype != np.uint8:
            raise DataError(f"crops of {clip_id} are {piece.dtype} {piece.shape[1:]}, not uint8 {row}")
        if frame + len(piece) > n_frames:
            break
        yield frame, piece
        frame += len(piece)
    else:
        piece = ()
    if frame + len(piece) != n_frames:
        raise DataError(f"decoding {clip_id} a second time gave another number of frames than {n_frames}")


def _write_jpegs(file: BinaryIO, header: Header, status, crops, digest, clip_id: str) -> np.ndarray:
    """Write the JPEGs; return their offsets, (3T + 1,) int64. A missing frame takes no byte."""
    lengths = np.zeros(len(status) * len(REGIONS), np.int64)
    for first, piece in _checked_pieces(crops, header, len(status), clip_id):
        for i, regions in enumerate(piece):
            if status[first + i]:
                for region, crop in enumerate(regions):
                    with timed("encode"):
                        image = encode_jpeg(crop, header.quality)
                    lengths[(first + i) * len(REGIONS) + region] = len(image)
                    with timed("write"):
                        digest.update(image)
                        file.write(image)
    return np.concatenate([[0], lengths.cumsum()]).astype("<i8")


def _write_raw(file: BinaryIO, header: Header, status, crops, digest, clip_id: str) -> np.ndarray:
    """Write the raw crops; return no offsets. A missing frame is black."""
    for first, piece in _checked_pieces(crops, header, len(status), clip_id):
        piece = np.where(status[first : first + len(piece), None, None, None, None] > 0, piece, np.uint8(0))
        with timed("write"):
            digest.update(np.ascontiguousarray(piece))
            file.write(np.ascontiguousarray(piece))
    return np.zeros(0, "<i8")
