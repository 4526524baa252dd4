"""What a worker process does with a group of small clips: one part of all, and one search for their faces."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from vidfer.build.build_task import ClipToRead
from vidfer.build.cut_faces import faults_as_reasons, with_crops, without_paths
from vidfer.build.parts_folder import PartsFolder
from vidfer.build.write_part import UNREAD, Face, failed, write_group
from vidfer.crops.detect.face_detector import FaceDetector
from vidfer.crops.extract import ReadClip, find_faces, read_clip, search_pictures
from vidfer.crops.settings import CropSettings
from vidfer.errors import DataError
from vidfer.files import disk_fault
from vidfer.store.records import CachedClip
from vidfer.store.schema import Header
from vidfer.timing import take_seconds, timed

BATCH_BYTES = 16 * 2**20
"""The frames of so many clips are kept, and searched together, until they take this much memory."""


def make_group(
    clips: Sequence[ClipToRead],
    parts: PartsFolder,
    header: Header,
    settings: CropSettings,
    detector: FaceDetector,
) -> dict[str, float]:
    """Write one part of several clips. A clip that cannot be read has no frames there, and the reason.

    A picture has the crops that it would have alone: :meth:`FaceDetector.detect` does not depend on the
    pictures beside it.

    Args:
        clips: what to read, with the records.
        parts: the folder for the part, which is named after all its clips.
        header: settings of the cache.
        settings: those of them that shape the crops.
        detector: finds the faces.

    Returns:
        Seconds of each stage of work.

    Raises:
        DiskError: the part cannot be written. This is a fault of the disk, not of the clips.
    """
    take_seconds()
    path = parts.path_of_group([record for _, record in clips])
    try:
        write_group(path, header, _found(clips, settings, detector))
    except (OSError, RuntimeError) as error:
        raise disk_fault(parts.folder, error) from error
    return take_seconds()


def _found(
    clips: Sequence[ClipToRead], settings: CropSettings, detector: FaceDetector
) -> Iterator[tuple[CachedClip, Iterable[Face]]]:
    """The record and the faces of each clip, in order."""
    batch: list[tuple[CachedClip, ReadClip | DataError]] = []
    n_bytes = 0
    for clip, record in clips:
        try:
            with faults_as_reasons(clip), timed("find"):
                read = read_clip(clip, settings)
            n_bytes += read.n_bytes
        except DataError as error:
            read = error
        batch.append((record, read))
        if n_bytes > BATCH_BYTES:
            yield from _search(batch, settings, detector)
            batch, n_bytes = [], 0
    yield from _search(batch, settings, detector)


def _search(
    batch: Sequence[tuple[CachedClip, ReadClip | DataError]], settings: CropSettings, detector: FaceDetector
) -> Iterator[tuple[CachedClip, Iterable[Face]]]:
    readable = [read for _, read in batch if not isinstance(read, DataError)]
    try:
        with timed("find"):
            finders = iter(search_pictures(readable, detector))
    except Exception:  # each clip alone shows which one it is
        finders = iter([detector] * len(readable))
    for record, read in batch:
        if isinstance(read, DataError):
            yield failed(record, str(read)), UNREAD
            continue
        clip = read.clip
        try:
            with faults_as_reasons(clip), timed("find"):
                faces = find_faces(read, next(finders), settings)
        except DataError as error:
            yield failed(record, str(error)), UNREAD
            continue
        found = replace(record, reason=without_paths(faces[0].fault, clip), reader=faces[0].reader)
        yield found, (with_crops(face, clip, overlap=False) for face in faces)
