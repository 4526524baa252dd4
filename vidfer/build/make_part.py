"""What a worker process does with a clip: read it, find the faces, cut and encode the crops, write a part."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import cv2
import numpy as np
import torch

from vidfer.build.build_task import ClipToRead
from vidfer.build.parts_folder import PartsFolder, store_failure
from vidfer.build.write_part import Face, write_part
from vidfer.clips.clip import Clip, plain_text
from vidfer.crops.decode.readers import check_reader
from vidfer.crops.decode.unreadable_video import UnreadableVideo
from vidfer.crops.detect.face_detector import FaceDetector
from vidfer.crops.enhance import build_enhance
from vidfer.crops.extract import ClipCrops, extract_crops
from vidfer.crops.settings import CropSettings
from vidfer.errors import DataError, VidferError
from vidfer.files import disk_fault
from vidfer.prefetch import prefetch
from vidfer.store.records import CachedClip
from vidfer.store.schema import Header
from vidfer.timing import iterate_timed, take_seconds, timed


def prepare(
    parts: PartsFolder, header: Header, settings: CropSettings, device: str, overlap: bool
) -> Callable[[ClipToRead], dict[str, float]]:
    """Load the nets once; return the function that makes the part of a clip.

    Raises:
        VidferError: ``settings.enhance`` cannot be used, or ``settings.reader`` is not installed. Every clip
            would fail in the same way.
    """
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    check_reader(settings.reader)
    build_enhance(settings.enhance, np.zeros((1, 16, 16, 3), np.uint8))
    detector = FaceDetector(device, settings)
    return lambda clip: make_part(*clip, parts, header, settings, detector, overlap)


def make_part(
    clip: Clip,
    record: CachedClip,
    parts: PartsFolder,
    header: Header,
    settings: CropSettings,
    detector: FaceDetector,
    overlap: bool = False,
) -> dict[str, float]:
    """Write the part of a clip. A clip that cannot be read gets a part without frames and with the reason.

    Args:
        clip: what to read.
        record: its record. The part is named after it.
        parts: the folder for the part.
        header: settings of the cache.
        settings: those of them that shape the crops.
        detector: finds the faces.
        overlap: cut crops in a thread of its own while others are encoded.

    Returns:
        Seconds of each stage of work.

    Raises:
        DiskError: the part cannot be written. This is a fault of the disk, not of the clip.
    """
    take_seconds()
    try:
        with _faults_as_reasons(clip), timed("find"):
            faces = extract_crops(clip, detector, settings)
        record = replace(record, reason=_without_paths(faces[0].fault, clip), reader=faces[0].reader)
        write_part(
            parts.path_of(record), header, record, (_with_crops(face, clip, overlap) for face in faces)
        )
    except VidferError as error:
        store_failure(parts, header, record, str(error))
    except (OSError, RuntimeError) as error:
        raise disk_fault(parts.folder, error) from error
    return take_seconds()


def _with_crops(face: ClipCrops, clip: Clip, overlap: bool) -> Face:
    """A face and its crops, timed, and cut in a thread of their own if wanted."""
    crops = _cut(face, clip)
    return face.track, prefetch(crops) if overlap else crops


def _cut(face: ClipCrops, clip: Clip) -> Iterator[np.ndarray]:
    """The crops of a face in pieces. Whatever goes wrong becomes a reason."""
    pieces = iterate_timed("cut", face.iter_crops())
    while True:
        with _faults_as_reasons(clip):
            piece = next(pieces, None)
        if piece is None:
            return
        yield piece


@contextmanager
def _faults_as_reasons(clip: Clip) -> Iterator[None]:
    """Turn whatever reading a clip raises into a reason that names no path of this machine."""
    try:
        yield
    except UnreadableVideo as error:
        raise DataError(_without_paths(error.reason, clip)) from error
    except VidferError as error:
        raise DataError(_without_paths(str(error), clip)) from error
    except Exception as error:  # a decoder or a net that fails on one clip must not stop the others
        raise DataError(_without_paths(f"{type(error).__name__}: {error}", clip)) from error


def _without_paths(text: str, clip: Clip) -> str:
    return plain_text(" ".join(text.replace(str(clip.path), clip.id).split()))
