"""What a worker process does with a clip: read it, find the faces, cut and encode the crops, write a part."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import cv2
import numpy as np
import torch

from vidfer.build.build_task import ClipToRead
from vidfer.build.cut_faces import faults_as_reasons, with_crops, without_paths
from vidfer.build.keep_memory import keep_freed_memory
from vidfer.build.make_group import make_group
from vidfer.build.parts_folder import PartsFolder, store_failure
from vidfer.build.write_part import write_part
from vidfer.clips.clip import Clip
from vidfer.crops.decode.readers import check_reader
from vidfer.crops.detect.face_detector import FaceDetector
from vidfer.crops.enhance import build_enhance
from vidfer.crops.extract import extract_crops
from vidfer.crops.settings import CropSettings
from vidfer.errors import VidferError
from vidfer.files import disk_fault
from vidfer.store.records import CachedClip
from vidfer.store.schema import Header
from vidfer.timing import take_seconds, timed


def prepare(
    parts: PartsFolder, header: Header, settings: CropSettings, device: str, overlap: bool
) -> Callable[[Sequence[ClipToRead]], dict[str, float]]:
    """Load the nets once; return the function that makes the part of a clip, or of a group of clips.

    Raises:
        VidferError: ``settings.enhance`` cannot be used, or ``settings.reader`` is not installed. Every clip
            would fail in the same way.
    """
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    keep_freed_memory()
    check_reader(settings.reader)
    build_enhance(settings.enhance, np.zeros((1, 16, 16, 3), np.uint8))
    detector = FaceDetector(device, settings)

    def make(clips: Sequence[ClipToRead]) -> dict[str, float]:
        if len(clips) > 1:
            return make_group(clips, parts, header, settings, detector, overlap)
        return make_part(*clips[0], parts, header, settings, detector, overlap)

    return make


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
        with faults_as_reasons(clip), timed("find"):
            faces = extract_crops(clip, detector, settings)
        record = replace(record, reason=without_paths(faces[0].fault, clip), reader=faces[0].reader)
        write_part(parts.path_of(record), header, record, (with_crops(face, clip, overlap) for face in faces))
    except VidferError as error:
        store_failure(parts, header, record, str(error))
    except (OSError, RuntimeError) as error:
        raise disk_fault(parts.folder, error) from error
    return take_seconds()
