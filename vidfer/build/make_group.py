"""What a worker process does with a group of small clips: few parts, and few searches for their faces."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from vidfer.build.build_task import ClipToRead
from vidfer.build.cut_faces import faults_as_reasons, with_crops, without_paths
from vidfer.build.parts_folder import PartsFolder
from vidfer.build.write_part import UNREAD, Face, failed, write_group
from vidfer.crops.detect.face_detector import FaceDetector
from vidfer.crops.extract import ReadClip, find_faces, read_clip
from vidfer.crops.settings import CropSettings
from vidfer.errors import DataError
from vidfer.files import disk_fault
from vidfer.store.records import CachedClip
from vidfer.store.schema import Header
from vidfer.timing import take_seconds, timed

BATCH_BYTES = 16 * 2**20
BATCH_FRAMES = 512
"""The clips of a batch are searched together, and become one part. It has at most so many bytes of frames and
so many frames, which is about a second of work: a kill loses no more. A clip that has more is a batch of its
own."""

Batch = list[tuple[CachedClip, "ReadClip | DataError"]]
"""Clips that were read, or why they could not be."""


def make_group(
    clips: Sequence[ClipToRead],
    parts: PartsFolder,
    header: Header,
    settings: CropSettings,
    detector: FaceDetector,
    overlap: bool = False,
) -> dict[str, float]:
    """Write several clips into few parts. A clip that cannot be read has no frames there, and the reason.

    A clip has the crops that it would have alone: see :func:`vidfer.crops.extract.find_faces`.

    Args:
        clips: what to read, with the records.
        parts: the folder for the parts. Each is named after all its clips.
        header: settings of the cache.
        settings: those of them that shape the crops.
        detector: finds the faces.
        overlap: cut the crops of longer clips in a thread of its own while others are encoded.

    Returns:
        Seconds of each stage of work.

    Raises:
        DiskError: a part cannot be written. This is a fault of the disk, not of the clips.
    """
    take_seconds()
    try:
        for batch in _read_in_batches(clips, settings):
            path = parts.path_of_group([record for record, _ in batch])
            write_group(path, header, _found(batch, settings, detector, overlap))
    except (OSError, RuntimeError) as error:
        raise disk_fault(parts.folder, error) from error
    return take_seconds()


def _read_in_batches(clips: Sequence[ClipToRead], settings: CropSettings) -> Iterator[Batch]:
    """Read clips in order; memory holds a batch and one clip more."""
    batch: Batch = []
    n_bytes = n_frames = 0
    for clip, record in clips:
        try:
            with faults_as_reasons(clip), timed("find"):
                read = read_clip(clip, settings)
            more_bytes, more_frames = _size(read)
        except DataError as error:
            read, more_bytes, more_frames = error, 0, 0
        if batch and (n_bytes + more_bytes > BATCH_BYTES or n_frames + more_frames > BATCH_FRAMES):
            yield batch
            batch, n_bytes, n_frames = [], 0, 0
        batch.append((record, read))
        n_bytes, n_frames = n_bytes + more_bytes, n_frames + more_frames
    yield batch


def _size(read: ReadClip) -> tuple[float, float]:
    """Bytes and number of the frames; infinite where there are too many to keep them."""
    return (read.n_bytes, read.n_frames) if read.kept else (math.inf, math.inf)


def _found(
    batch: Batch, settings: CropSettings, detector: FaceDetector, overlap: bool
) -> Iterator[tuple[CachedClip, Iterable[Face]]]:
    """The record and the faces of each clip, in order."""
    with timed("find"):
        readable = [read for _, read in batch if not isinstance(read, DataError)]
        found = iter(find_faces(readable, detector, settings))
    for record, read in batch:
        try:
            if isinstance(read, DataError):
                raise read
            with faults_as_reasons(read.clip):
                faces = next(found)
                if isinstance(faces, Exception):
                    raise faces
        except DataError as error:
            yield failed(record, str(error)), UNREAD
            continue
        clip, in_thread = read.clip, overlap and len(read.kept) != 1
        record = replace(record, reason=without_paths(faces[0].fault, clip), reader=faces[0].reader)
        yield record, (with_crops(face, clip, in_thread) for face in faces)
