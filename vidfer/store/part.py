"""A part: a finished clip in a cache file of its own, which appears whole or not at all."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np

from vidfer.crops import REGIONS
from vidfer.errors import VidferError
from vidfer.store.codec import encode_jpeg
from vidfer.store.durable import replace_durably
from vidfer.store.records import CachedClip, FrameTable
from vidfer.store.schema import FRAME_COLUMNS, OFFSETS, Header
from vidfer.store.tables import LIBVER, create_tables, write_clip_table

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
    status = columns["status"]
    try:
        with h5py.File(temporary, "w", libver=LIBVER) as file:
            payload = create_tables(file, header, len(frames), None)
            digest = hashlib.sha256()
            for name, column in columns.items():
                file["frames"][name][...] = column
                digest.update(column.tobytes())
            store = _store_jpeg if header.codec == "jpeg" else _store_raw
            offsets = store(payload, header, status, crops, digest, clip.id)
            if header.codec == "jpeg":
                file[OFFSETS][...] = offsets
                digest.update(offsets.tobytes())
            record = replace(
                clip,
                first_frame=0,
                n_frames=len(frames),
                n_faces=int((status > 0).sum()),
                crops_hash=digest.hexdigest(),
            )
            record = replace(record, hash=record.fingerprint())
            write_clip_table(file, header, [record])
        replace_durably(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    return record


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


def _store_jpeg(payload, header: Header, status, crops, digest, clip_id: str) -> np.ndarray:
    """Append the JPEGs piece by piece; return their offsets (3T + 1,) int64. Missing frames take no byte."""
    lengths = np.zeros(len(status) * len(REGIONS), np.int64)
    for first, piece in _pieces(crops, header, len(status), clip_id):
        images = []
        for i, regions in enumerate(piece):
            if status[first + i]:
                for region, crop in enumerate(regions):
                    images.append(encode_jpeg(crop, header.quality))
                    lengths[(first + i) * len(REGIONS) + region] = len(images[-1])
        if images:
            data = np.concatenate(images)
            begin = payload.shape[0]
            payload.resize(begin + len(data), axis=0)
            payload[begin:] = data
            digest.update(data)
    return np.concatenate([[0], lengths.cumsum()]).astype("<i8")


def _store_raw(payload, header: Header, status, crops, digest, clip_id: str) -> None:
    for first, piece in _pieces(crops, header, len(status), clip_id):
        piece = np.where(status[first : first + len(piece), None, None, None, None] > 0, piece, np.uint8(0))
        payload.resize(first + len(piece), axis=0)
        payload[first:] = piece
        digest.update(np.ascontiguousarray(piece))
