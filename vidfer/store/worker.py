"""What a worker process does with a clip: read, find the face, cut, encode, write a part."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import cv2
import numpy as np
import torch

from vidfer.clips.clip import Clip
from vidfer.crops.decode_fault import UnreadableVideo
from vidfer.crops.detect import FaceDetector
from vidfer.crops.enhance import build_enhance
from vidfer.crops.extract import extract_crops
from vidfer.crops.settings import CropSettings
from vidfer.errors import VidferError
from vidfer.store.durable import disk_fault
from vidfer.store.part import write_part
from vidfer.store.parts_folder import PartsFolder
from vidfer.store.records import CachedClip, FrameTable, record_of
from vidfer.store.schema import Header


@dataclass(frozen=True)
class Done:
    """A clip that has a part now."""

    record: CachedClip
    find_s: float
    """Seconds to decode, find and follow the face."""
    cut_s: float
    """Seconds to decode again and cut the crops."""
    keep_s: float
    """Seconds to encode and write."""


def prepare(parts: PartsFolder, header: Header, settings: CropSettings, device: str):
    """Load the nets once; return the function that makes the part of a clip.

    Raises:
        VidferError: ``settings.enhance`` is no enhancement: every clip would fail in the same way.
    """
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    build_enhance(settings.enhance, np.zeros((1, 16, 16, 3), np.uint8))
    detector = FaceDetector(device, settings)
    return lambda clip: make_part(clip, parts, header, settings, detector)


def make_part(
    clip: Clip, parts: PartsFolder, header: Header, settings: CropSettings, detector: FaceDetector
) -> Done:
    """Write the part of a clip; if it cannot be read, a part without frames and with the reason.

    Raises:
        VidferError: when the part cannot be written: the fault is the disk's, not the clip's.
    """
    record = record_of(clip)
    watch = _Watch(clip)
    try:
        with watch.reading("find"):
            extracted = extract_crops(clip, detector, settings)[0]
            track = extracted.track
            if extracted.fault:
                raise VidferError(extracted.fault)
        frames = FrameTable(track.times_s, track.boxes_xyxy, track.landmarks, track.scores, track.status)
        written = write_part(
            parts.path_of(record), header, record, frames, watch.pieces(extracted.iter_crops())
        )
    except VidferError as error:
        written = store_failure(parts, header, record, str(error))
    except (OSError, RuntimeError) as error:
        raise disk_fault(parts.folder, error) from error
    return Done(
        written, watch.seconds["find"], watch.seconds["cut"], watch.elapsed() - sum(watch.seconds.values())
    )


def store_failure(parts: PartsFolder, header: Header, record: CachedClip, reason: str) -> CachedClip:
    """Write the part of a clip that could not be read."""
    record = replace(record, reason=" ".join(reason.split()) or "unknown")
    try:
        return write_part(parts.path_of(record), header, record)
    except (OSError, RuntimeError) as error:
        raise disk_fault(parts.folder, error) from error


class _Watch:
    """Times the reading of a clip, and turns whatever it raises into a reason without a machine's paths."""

    def __init__(self, clip: Clip) -> None:
        self.clip, self.begin = clip, time.perf_counter()
        self.seconds = {"find": 0.0, "cut": 0.0}

    def elapsed(self) -> float:
        return time.perf_counter() - self.begin

    @contextmanager
    def reading(self, stage: str) -> Iterator[None]:
        begin = time.perf_counter()
        try:
            yield
        except UnreadableVideo as error:
            raise VidferError(error.reason) from error
        except VidferError as error:
            raise VidferError(str(error).replace(str(self.clip.path), self.clip.id)) from error
        except Exception as error:  # whatever a decoder or a net does with one clip must not stop the others
            reason = f"{type(error).__name__}: {error}".replace(str(self.clip.path), self.clip.id)
            raise VidferError(reason) from error
        finally:
            self.seconds[stage] += time.perf_counter() - begin

    def pieces(self, crops: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
        """The same pieces, timed as stage ``cut``."""
        while True:
            with self.reading("cut"):
                piece = next(crops, None)
            if piece is None:
                return
            yield piece
