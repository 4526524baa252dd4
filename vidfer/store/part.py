"""A part: a finished clip in a file of its own, which appears whole or not at all.

Parts live only while a cache is built, often as many thousands of them; so they are plain bytes, which cost a
tenth of an HDF5 file, and are not synced to disk: one that a power cut has spoilt does not match its hash, and
its clip is read again. In order: MAGIC, the crops, the frame columns, with JPEGs their offsets, the record as
JSON, the length of the record (8 bytes) and the SHA-256 of the record (32 bytes).
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import BinaryIO

import numpy as np

from vidfer.crops import REGIONS
from vidfer.errors import VidferError
from vidfer.store.codec import encode_jpeg
from vidfer.store.records import CachedClip, FrameTable
from vidfer.store.schema import FRAME_COLUMNS, Header

MAGIC = b"VFRPART1"
END_BYTES = 8 + 32
BLOCK_BYTES = 4 << 20
"""Size of the pieces in which the crops are read."""

NO_FRAMES = FrameTable(
    *(np.zeros((0, *shape), dtype) for dtype, shape in FRAME_COLUMNS.values()),
)


def write_part(
    path: Path,
    header: Header,
    clip: CachedClip,
    frames: FrameTable = NO_FRAMES,
    crops: Iterable[np.ndarray] = (),
) -> CachedClip:
    """Write one clip; at any moment ``path`` is absent or complete.

    Memory holds one piece of ``crops`` at a time, however long the clip.

    Args:
        path: where the part shall be; its folder exists.
        header: settings of the cache.
        clip: its record; counts and hashes are filled in here.
        frames: its frame table, T rows.
        crops: pieces of (n, R, S, S, 3) uint8 RGB, T frames in all.

    Returns:
        The record as written.

    Raises:
        VidferError: when ``crops`` gives more or fewer frames than ``frames`` has, or of another size.
        OSError: for a full disk; nothing is left behind.
    """
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    columns = frames.columns()
    try:
        with open(temporary, "wb") as file:
            file.write(MAGIC)
            digest = hashlib.sha256()
            for column in columns.values():
                digest.update(column.tobytes())
            store = _store_jpeg if header.codec == "jpeg" else _store_raw
            offsets = store(file, header, columns["status"], crops, digest, clip.id)
            for column in columns.values():
                file.write(column.tobytes())
            file.write(offsets.tobytes())
            digest.update(offsets.tobytes())
            record = replace(
                clip,
                first_frame=0,
                n_frames=len(frames),
                n_faces=int((columns["status"] > 0).sum()),
                crops_hash=digest.hexdigest(),
            )
            record = replace(record, hash=record.fingerprint())
            text = json.dumps(asdict(record)).encode("ascii")
            file.write(text + len(text).to_bytes(8, "little") + hashlib.sha256(text).digest())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return record


class Part:
    """A part opened for reading, with the methods of :class:`vidfer.store.reader.CropCache` that copy a clip.

    Raises:
        VidferError: when it is not whole.
        OSError: when it cannot be opened.
    """

    def __init__(self, path: Path, codec: str) -> None:
        self.path, self.codec = path, codec
        self._file = open(path, "rb")
        try:
            end = os.fstat(self._file.fileno()).st_size - END_BYTES
            tail = self._bytes(end, END_BYTES)
            length = int.from_bytes(tail[:8], "little")
            text = self._bytes(end - length, length)
            if self._bytes(0, len(MAGIC)) != MAGIC or hashlib.sha256(text).digest() != tail[8:]:
                raise VidferError(f"{path} is damaged")
            values = json.loads(text)
            box_hint = values.pop("box_hint")
            record = CachedClip(**values, box_hint=None if box_hint is None else tuple(box_hint))
            self._columns = end - length - self._table_bytes(record.n_frames)
            if self._columns < len(MAGIC):
                raise VidferError(f"{path} is damaged")
        except BaseException:
            self._file.close()
            raise
        self.clips = (record,)

    def frames(self, clip: int) -> FrameTable:
        """The frame table."""
        n_frames, position, columns = self.clips[clip].n_frames, self._columns, []
        for dtype, shape in FRAME_COLUMNS.values():
            columns.append(self._array(position, dtype, (n_frames, *shape)))
            position += columns[-1].nbytes
        return FrameTable(*columns)

    def offsets(self, clip: int) -> np.ndarray:
        """(3 * n_frames + 1,) int64: where each JPEG begins and ends."""
        n_frames = self.clips[clip].n_frames
        n_bytes = self._table_bytes(n_frames)
        position = self._columns + n_bytes - self._offset_bytes(n_frames)
        return self._array(position, "<i8", (n_frames * len(REGIONS) + 1,))

    def payload(self, clip: int) -> Iterator[np.ndarray]:
        """The stored bytes of the crops in pieces of (bytes,) uint8: JPEGs in a row, or raw crops."""
        del clip  # there is but one
        for begin in range(len(MAGIC), self._columns, BLOCK_BYTES):
            n_bytes = min(BLOCK_BYTES, self._columns - begin)
            yield self._array(begin, "u1", (n_bytes,))

    def close(self) -> None:
        """Close the file."""
        self._file.close()
