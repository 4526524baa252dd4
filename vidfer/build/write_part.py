"""Writing a part (see :mod:`vidfer.build.part`): crops are encoded and written as they are cut."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import numpy as np

from vidfer.build.part import MAGIC
from vidfer.crops import REGIONS
from vidfer.crops.track.followed_face import FaceTrack
from vidfer.errors import DataError, VidferError
from vidfer.store.codec import encode_jpeg
from vidfer.store.records import CachedClip, frame_columns
from vidfer.store.schema import Header
from vidfer.timing import timed

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
    with _new_part(path) as (file, written):
        _write_clip(file, header, clip, faces, written)
    return [record for record, _ in written]


def write_group(
    path: Path, header: Header, clips: Iterable[tuple[CachedClip, Iterable[Face]]]
) -> list[CachedClip]:
    """Write several clips into one part, as :func:`write_part` writes one.

    A clip whose crops turn out wrong on the way has no frames there, and the reason; the others stay.

    Args:
        path: the part. Its folder exists.
        header: settings of the cache.
        clips: the record and the faces of each clip.

    Returns:
        The record of each face, as written.

    Raises:
        OSError: the disk is full. Nothing is left behind.
    """
    with _new_part(path) as (file, written):
        for clip, faces in clips:
            begin, n_before = file.tell(), len(written)
            try:
                _write_clip(file, header, clip, faces, written)
            except VidferError as error:
                file.seek(begin)
                file.truncate()
                del written[n_before:]
                _write_clip(file, header, failed(clip, str(error)), UNREAD, written)
    return [record for record, _ in written]


def failed(record: CachedClip, reason: str) -> CachedClip:
    """The record of a clip that could not be read for this reason."""
    return replace(record, reason=" ".join(reason.split()) or "unknown")


@contextmanager
def _new_part(path: Path) -> Iterator[tuple[BinaryIO, list[tuple[CachedClip, int]]]]:
    """A part to write: its file, and a list for the record of each face and the bytes of its crops. When the
    block ends well, the part gets its end and its name; else nothing is left behind."""
    temporary = path.with_name(f"{path.name}.{os.urandom(4).hex()}.tmp")
    written: list[tuple[CachedClip, int]] = []
    try:
        with temporary.open("wb") as file:
            file.write(MAGIC)
            yield file, written
            text = json.dumps([[record.columns(), n_bytes] for record, n_bytes in written]).encode("ascii")
            file.write(text + len(text).to_bytes(8, "little") + hashlib.sha256(text).digest())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _write_clip(
    file: BinaryIO,
    header: Header,
    clip: CachedClip,
    faces: Iterable[Face],
    written: list[tuple[CachedClip, int]],
) -> None:
    for track_index, (track, crops) in enumerate(faces):
        record = clip.other_face(track_index) if track_index else clip
        written.append(_write_face(file, header, record, track, crops))


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
