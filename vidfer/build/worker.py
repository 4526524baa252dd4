"""What a worker process does with a clip: read, find the faces, cut, encode, write a part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import cv2
import numpy as np
import torch

from vidfer.build.part import PersonCrops, write_people
from vidfer.build.parts_folder import PartsFolder, store_failure
from vidfer.clips.clip import Clip, plain_text
from vidfer.crops.decode.readers import check_reader
from vidfer.crops.decode.unreadable_video import UnreadableVideo
from vidfer.crops.detect.detect import FaceDetector
from vidfer.crops.enhance import build_enhance
from vidfer.crops.extract import ClipCrops, extract_crops
from vidfer.crops.settings import CropSettings
from vidfer.errors import VidferError
from vidfer.files import disk_fault
from vidfer.prefetch import prefetch
from vidfer.store.records import CachedClip, FrameTable
from vidfer.store.schema import Header
from vidfer.timing import iterate_timed, take_seconds, timed


def prepare(parts: PartsFolder, header: Header, settings: CropSettings, device: str, overlap: bool):
    """Load the nets once; return the function that makes the part of a clip.

    Raises:
        VidferError: ``settings.enhance`` is no enhancement, or ``settings.reader`` is not installed. Every
            clip would fail in the same way.
    """
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    check_reader(settings.reader)
    build_enhance(settings.enhance, np.zeros((1, 16, 16, 3), np.uint8))
    detector = FaceDetector(device, settings)
    return lambda one: make_part(*one, parts, header, settings, detector, overlap)


def make_part(
    clip: Clip,
    record: CachedClip,
    parts: PartsFolder,
    header: Header,
    settings: CropSettings,
    detector: FaceDetector,
    overlap: bool = False,
) -> dict[str, float]:
    """Write the part of a clip; if it cannot be read, a part without frames and with the reason.

    Args:
        clip: what to read.
        record: its record; its part is named after that.
        parts: where the part belongs.
        header: settings of the cache.
        settings: those of them that shape the crops.
        detector: finds the faces.
        overlap: cut crops in a thread of its own while others are encoded.

    Returns:
        Seconds of each stage.

    Raises:
        VidferError: when the part cannot be written: the fault is the disk's, not the clip's.
    """
    take_seconds()
    try:
        with _reading(clip), timed("find"):
            people = extract_crops(clip, detector, settings)
        fault = _without_paths(people[0].fault, clip)
        record = replace(record, reason=fault, reader=people[0].reader)
        write_people(parts.path_of(record), header, _each_person(people, clip, record, overlap))
    except VidferError as error:
        store_failure(parts, header, record, str(error))
    except (OSError, RuntimeError) as error:
        raise disk_fault(parts.folder, error) from error
    return take_seconds()


def _each_person(
    people: Sequence[ClipCrops], clip: Clip, record: CachedClip, overlap: bool
) -> Iterator[PersonCrops]:
    for number, person in enumerate(people):
        track = person.track
        frames = FrameTable(track.times_s, track.boxes_xyxy, track.landmarks, track.scores, track.status)
        crops = _cut(person, clip)
        yield PersonCrops(
            record.other_person(number) if number else record, frames, prefetch(crops) if overlap else crops
        )


def _cut(person: ClipCrops, clip: Clip) -> Iterator[np.ndarray]:
    """The crops in pieces, timed, and with what may go wrong turned into a reason."""
    pieces = iterate_timed("cut", person.iter_crops())
    while True:
        with _reading(clip):
            piece = next(pieces, None)
        if piece is None:
            return
        yield piece


@contextmanager
def _reading(clip: Clip) -> Iterator[None]:
    """Whatever the reading of a clip raises becomes a reason without a machine's paths."""
    try:
        yield
    except UnreadableVideo as error:
        raise VidferError(_without_paths(error.reason, clip)) from error
    except VidferError as error:
        raise VidferError(_without_paths(str(error), clip)) from error
    except Exception as error:  # whatever a decoder or a net does with one clip must not stop the others
        raise VidferError(_without_paths(f"{type(error).__name__}: {error}", clip)) from error


def _without_paths(text: str, clip: Clip) -> str:
    return plain_text(" ".join(text.replace(str(clip.path), clip.id).split()))
