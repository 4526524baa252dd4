"""Whether clips of a cache show faces that are not upright, whose crops are of no use."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from vidfer.build.cut_faces import faults_as_reasons
from vidfer.clips.clip import Clip
from vidfer.crops.detect.face_detector import FaceDetector
from vidfer.crops.detect.upright import SURE, FrameSample, rotation_to_upright
from vidfer.crops.extract import FilmReader
from vidfer.crops.settings import CropSettings
from vidfer.errors import DataError
from vidfer.store.reader import CropCache

MOST_CLIPS = 24
"""So many clips are read again, at most: a data set whose videos are turned shows in a few of them."""
MOST_FRAMES = 750
"""Of a clip, so many frames are read again, at most."""


@dataclass(frozen=True)
class UprightClips:
    """What a look at some clips has shown."""

    n_unsure: int
    """Clips in which few faces are surely upright."""
    n_looked_at: int
    """So many of them were read again."""
    rotations: dict[str, int]
    """Id of a clip whose faces are not upright -> by how many degrees it must be turned clockwise."""


def look_for_rotation(
    cache: CropCache,
    clips: Sequence[Clip],
    settings: CropSettings,
    device: str,
    progress: Callable[[int, int], None] | None = None,
) -> UprightClips:
    """Read some of the clips again whose faces are not surely upright.

    Args:
        cache: of the clips.
        clips: where the videos are. Others are left out.
        settings: with which the cache was made.
        device: where the face detector runs.
        progress: called with the number of clips that were looked at, and of all.
    """
    videos = {clip.id: clip for clip in clips}
    unsure = [] if settings.face == "picture" else _unsure(cache, videos.keys())
    chosen = sorted(np.random.default_rng(0).permutation(len(unsure))[:MOST_CLIPS])
    detector = FaceDetector(device, settings) if len(chosen) else None
    rotations = {}
    for n_done, place in enumerate(chosen, start=1):
        clip = videos[unsure[place]]
        if rotation := rotation_to_upright(detector, _sample(clip, settings)):
            rotations[clip.id] = rotation
        if progress is not None:
            progress(n_done, len(chosen))
    return UprightClips(len(unsure), len(chosen), rotations)


def _unsure(cache: CropCache, ids: Collection[str]) -> list[str]:
    """The ids of the clips in which less than half of the frames have a face that is surely upright."""
    found = []
    for place, record in enumerate(cache.clips):
        if record.track_index or record.whole_face or record.reason or record.id not in ids:
            continue
        if 2 * (cache.frames(place).scores >= SURE).sum() < record.n_frames:
            found.append(record.id)
    return found


def _sample(clip: Clip, settings: CropSettings) -> list[np.ndarray]:
    """Some frames of a clip; none if it cannot be read any more."""
    sample = FrameSample()
    with suppress(DataError), faults_as_reasons(clip):  # what was read before a fault is there
        for chunk in FilmReader(clip, settings).chunks():
            sample.add(chunk.images)
            if sample.n_seen >= MOST_FRAMES:
                break
    return sample.images
