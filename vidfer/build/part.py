"""A part: a finished clip with all its people in a file of its own, which appears whole or not at all.

Parts live only while a cache is built, often many thousands of them; so they are plain bytes, which cost a
twentieth of an HDF5 file, and are not synced to disk: one that a power cut has spoilt does not match its
hash, and its clip is read again. In order: MAGIC; of each person the crops, the frame columns, with JPEGs
their offsets; all records with the sizes of their crops as JSON, its length (8 bytes) and its SHA-256.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import BinaryIO

import numpy as np

from vidfer.crops import REGIONS
from vidfer.errors import VidferError
from vidfer.store.codec import encode_jpeg
from vidfer.store.records import CachedClip, FrameTable
from vidfer.store.schema import FRAME_COLUMNS, Header
from vidfer.timing import timed

MAGIC = b"VFRPART2"
END_BYTES = 8 + 32
BLOCK_BYTES = 4 << 20
"""Size of the pieces in which the crops are read."""

NO_FRAMES = FrameTable(
    *(np.zeros((0, *shape), dtype) for dtype, shape in FRAME_COLUMNS.values()),
)


@dataclass(frozen=True)
class PersonCrops:
    """What a part keeps of one person."""

    clip: CachedClip
    """The record; counts and hashes are filled in when it is written."""
    frames: FrameTable
    """T rows."""
    crops: Iterable[np.ndarray]
    """Pieces of (n, R, S, S, 3) uint8 RGB, T frames in all; read once."""


def write_part(
    path: Path,
    header: Header,
    clip: CachedClip,
    frames: FrameTable = NO_FRAMES,
    crops: Iterable[np.ndarray] = (),
) -> CachedClip:
    """Write a clip of one person: :func:`write_people`, whose record is returned."""
    return write_people(path, header, [PersonCrops(clip, frames, crops)])[0]


def write_people(path: Path, header: Header, people: Iterable[PersonCrops]) -> list[CachedClip]:
    """Write one clip; at any moment ``path`` is absent or complete.

    Memory holds one piece of crops at a time, however long the clip.

    Args:
        path: where the part shall be; its folder exists.
        header: settings of the cache.
        people: the main person first.

    Returns:
        The records as written.

    Raises:
        VidferError: when there are more or fewer crops than frames, or crops of another size.
        OSError: for a full disk; nothing is left behind.
    """
    temporary = path.with_name(f"{path.name}.{os.urandom(4).hex()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(MAGIC)
            written = [_write_person(file, header, person) for person in people]
            text = json.dumps([[asdict(record), n_bytes] for record, n_bytes in written]).encode("ascii")
            file.write(text + len(text).to_bytes(8, "little") + hashlib.sha256(text).digest())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return [record for record, _ in written]


def _write_person(file: BinaryIO, header: Header, person: PersonCrops) -> tuple[CachedClip, int]:
    """Append crops and tables; give the record and the bytes of the crops."""
    begin, columns, digest = file.tell(), person.frames.columns(), hashlib.sha256()
    for column in columns.values():
        digest.update(column.tobytes())
    store = _store_jpeg if header.codec == "jpeg" else _store_raw
    offsets = store(file, header, columns["status"], person.crops, digest, person.clip.id)
    n_bytes = file.tell() - begin
    for column in columns.values():
        file.write(column.tobytes())
    file.write(offsets.tobytes())
    digest.update(offsets.tobytes())
    record = replace(
        person.clip,
        first_frame=0,
        n_frames=len(person.frames),
        n_faces=int((columns["status"] > 0).sum()),
        crops_hash=digest.hexdigest(),
    )
    return replace(record, hash=record.fingerprint()), n_bytes


class Part:
    """A part opened for reading, with what :class:`vidfer.store.reader.CropCache` has for copying a clip.

    Raises:
        VidferError: when it cannot be read or is not whole.
    """

    def __init__(self, path: Path, header: Header) -> None:
        self.path, self.header = path, header
        try:
            self._file = os.open(path, os.O_RDONLY)
        except OSError as error:
            raise VidferError(f"{path} cannot be read ({error})") from error
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
        except (VidferError, OSError, ValueError, TypeError, KeyError) as error:
            os.close(self._file)
            raise VidferError(f"{path} is damaged ({error})") from error

    def frames(self, clip: int) -> FrameTable:
        """The frame table."""
        return FrameTable(*self._read_tables(clip)[: len(FRAME_COLUMNS)])

    def offsets(self, clip: int) -> np.ndarray:
        """(3 * n_frames + 1,) int64: where each JPEG begins and ends, from the clip's first byte."""
        return self._read_tables(clip)[-1]

    def payload_bytes(self, clip: int) -> int:
        """Bytes of the crops."""
        return self._crops[clip][1]

    def payload(self, clip: int) -> Iterator[np.ndarray]:
        """The stored bytes of the crops in pieces of (bytes,) uint8: JPEGs in a row, or raw crops."""
        step = max(1, BLOCK_BYTES // self.header.row_bytes) * self.header.row_bytes
        first, n_bytes = self._crops[clip]
        for begin in range(first, first + n_bytes, step):
            yield np.frombuffer(self._read(begin, min(step, first + n_bytes - begin)), np.uint8)

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def _parse(self, values: list) -> tuple[tuple[CachedClip, ...], list[tuple[int, int]], int]:
        """The records, where the crops of each begin and how many bytes they take, where all tables end."""
        clips, crops, position = [], [], len(MAGIC)
        for record, n_bytes in values:
            record["box_hint"] = record["box_hint"] and tuple(record["box_hint"])
            clips.append(CachedClip(**record))
            crops.append((position, n_bytes))
            position += n_bytes + sum(_n_bytes(*table) for table in self._tables(clips[-1].n_frames))
        return tuple(clips), crops, position

    def _tables(self, n_frames: int) -> list[tuple[str, tuple[int, ...]]]:
        return _tables(n_frames, self.header.codec)

    def _read_tables(self, clip: int) -> list[np.ndarray]:
        """The frame columns, and with JPEGs their offsets; in one read."""
        tables = self._tables(self.clips[clip].n_frames)
        data = self._read(sum(self._crops[clip]), sum(_n_bytes(*table) for table in tables))
        arrays, position = [], 0
        for dtype, shape in tables:
            arrays.append(np.frombuffer(data, dtype, math.prod(shape), position).reshape(shape))
            position += arrays[-1].nbytes
        return arrays

    def _read(self, position: int, n_bytes: int) -> bytes:
        if not 0 <= position <= position + n_bytes <= self._size:
            raise VidferError(f"{self.path} is too short")
        try:
            return os.pread(self._file, n_bytes, position)
        except OSError as error:
            raise VidferError(f"{self.path} is damaged ({error})") from error


def _tables(n_frames: int, codec: str) -> list[tuple[str, tuple[int, ...]]]:
    """Type and shape of each table of a part, in order."""
    tables = [(dtype, (n_frames, *shape)) for dtype, shape in FRAME_COLUMNS.values()]
    return [*tables, ("<i8", (n_frames * len(REGIONS) + 1,))] if codec == "jpeg" else tables


def _n_bytes(dtype: str, shape: tuple[int, ...]) -> int:
    return math.prod(shape) * np.dtype(dtype).itemsize


def _pieces(crops: Iterable[np.ndarray], header: Header, n_frames: int, clip_id: str):
    """The pieces with the number of their first frame, checked at this border."""
    frame, row = 0, (len(REGIONS), header.size_px, header.size_px, 3)
    for piece in crops:
        if piece.shape[1:] != row or piece.dtype != np.uint8:
            raise VidferError(f"crops of {clip_id} are {piece.dtype} {piece.shape[1:]}, not uint8 {row}")
        if frame + len(piece) > n_frames:
            break
        yield frame, piece
        frame += len(piece)
    else:
        piece = ()
    if frame + len(piece) != n_frames:
        raise VidferError(f"decoding {clip_id} a second time gave another number of frames than {n_frames}")


def _store_jpeg(file: BinaryIO, header: Header, status, crops, digest, clip_id: str) -> np.ndarray:
    """Write the JPEGs; return their offsets (3T + 1,) int64. Missing frames take no byte."""
    lengths = np.zeros(len(status) * len(REGIONS), np.int64)
    for first, piece in _pieces(crops, header, len(status), clip_id):
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


def _store_raw(file: BinaryIO, header: Header, status, crops, digest, clip_id: str) -> np.ndarray:
    """Write the crops; return no offsets."""
    for first, piece in _pieces(crops, header, len(status), clip_id):
        piece = np.where(status[first : first + len(piece), None, None, None, None] > 0, piece, np.uint8(0))
        with timed("write"):
            digest.update(np.ascontiguousarray(piece))
            file.write(np.ascontiguousarray(piece))
    return np.zeros(0, "<i8")
