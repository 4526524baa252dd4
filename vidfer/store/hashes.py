"""The hashes that say what a cache holds, and whether it is still what was written."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

import numpy as np

from vidfer.crops import STATUS
from vidfer.crops.track.followed_face import FaceTrack
from vidfer.store.canonical_json import canonical_json, json_hash
from vidfer.store.records import CachedClip, frame_columns
from vidfer.store.schema import Header


class ClipSource(Protocol):
    """A file with clips: a :class:`vidfer.store.reader.CropCache`, or a part of one while it is built."""

    header: Header
    records: Sequence[CachedClip]

    def frames(self, clip: int) -> FaceTrack:
        """What is known of the frames of a clip."""

    def offsets(self, clip: int) -> np.ndarray:
        """(3 * n_frames + 1,) int64: where each JPEG begins and ends, from the clip's first byte."""

    def payload_bytes(self, clip: int) -> int:
        """Bytes of the crops of a clip."""

    def payload(self, clip: int) -> Iterator[np.ndarray]:
        """These bytes in pieces of (bytes,) uint8."""


def content_hash(header: Header, clips: Iterable[CachedClip]) -> str:
    """The hash of a cache: its settings and its clips in order of id.

    It does not depend on where, when or with which versions the cache was made.
    """
    digest = hashlib.sha256(canonical_json(header.shaping()).encode())
    for clip in clips:
        digest.update(bytes.fromhex(clip.hash))
    return digest.hexdigest()


def provenance_hash(header: Header, clips: Sequence[CachedClip]) -> str:
    """The hash of what the content hash leaves out: versions, wording of failures, file sizes, readers."""
    reasons, file_sizes = [clip.reason for clip in clips], [int(clip.file_size) for clip in clips]
    readers = [clip.reader for clip in clips]
    later = [readers] if any(readers) else []  # caches made before November 2026 do not know their readers
    return json_hash([header.versions, list(STATUS), reasons, file_sizes, *later])


def clip_digest(source: ClipSource, index: int, write: Callable[[np.ndarray], None] | None = None) -> str:
    """The hash of a clip's frame columns and crops, as they are in the file now.

    Args:
        source: where the clip lies.
        index: its position there.
        write: called with each piece of its crops, (bytes,) uint8.
    """
    digest = hashlib.sha256()
    for column in frame_columns(source.frames(index)).values():
        digest.update(column.tobytes())
    for piece in source.payload(index):
        digest.update(piece)
        if write:
            write(piece)
    if source.header.codec == "jpeg":
        digest.update(source.offsets(index).astype("<i8").tobytes())
    return digest.hexdigest()
