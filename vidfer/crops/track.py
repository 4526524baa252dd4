"""Follow the main face through a clip."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from vidfer.crops import STATUS
from vidfer.crops.boxes import distance
from vidfer.crops.decode import FrameChunk
from vidfer.crops.detect import FaceDetector, Faces
from vidfer.crops.link import NEAR, Person, link_people, main_person
from vidfer.crops.settings import CropSettings
from vidfer.crops.smooth import smooth_over_time

MISSING, DETECTED, TRACKED, INTERPOLATED, ASSUMED = range(len(STATUS))


@dataclass(frozen=True)
class FaceTrack:
    """The main face in each of the T frames of a clip; NaN in frames where it is missing."""

    times_s: np.ndarray
    """(T,) float64."""
    boxes_xyxy: np.ndarray
    """(T,4) float32, in pixels."""
    landmarks: np.ndarray
    """(T,5,2) float32, x y in pixels, smoothed over time; order as in :class:`vidfer.crops.detect.Faces`."""
    scores: np.ndarray
    """(T,) float32 in 0..1: O-Net's score; of interpolated frames the lower one of the two neighbours."""
    status: np.ndarray
    """(T,) uint8, positions in :data:`vidfer.crops.STATUS`."""

    def __len__(self) -> int:
        return len(self.times_s)


def track_face(
    chunks: Callable[[], Iterator[FrameChunk]],
    detector: FaceDetector,
    settings: CropSettings,
    box_hint: tuple[float, float, float, float] | None = None,
) -> FaceTrack:
    """Follow the main face through a clip, whose frames are read twice.

    1. All faces are detected in key frames (every ``key_every``-th and the last of each chunk) and joined
       into people; the main face is that of :func:`vidfer.crops.link.main_person`.
    2. Frames between two key frames that show it: O-Net looks at the place on the line between them
       (`tracked`). Where it sees no face, or only one of the two key frames shows it, the whole frame is
       searched (`detected`).
    3. Where it is still not found for at most ``max_gap_s``, box and landmarks are put on the line between
       the frames around (`interpolated`); otherwise it is `missing`.

    Args:
        chunks: starts reading the clip's frames; called twice.
        box_hint: x1, y1, x2, y2 in pixels: where the wanted person's head is.
    """
    times_s, faces = _detect_in_key_frames(chunks(), detector, settings.key_every)
    person = main_person(link_people(faces), box_hint)
    if person is None:
        return _blank_track(times_s)
    keys = np.array(sorted(faces))
    seen = np.array([key in person.boxes for key in keys])
    status = np.full(len(times_s), MISSING, dtype=np.uint8)
    status[keys[seen]] = DETECTED
    if not (seen.all() and len(keys) == len(times_s)):
        _look_between(chunks(), detector, settings, person, keys, seen, status)
    return _fill(times_s, person, status, settings)


def _detect_in_key_frames(
    chunks: Iterator[FrameChunk], detector: FaceDetector, key_every: int
) -> tuple[np.ndarray, dict[int, Faces]]:
    times_s, faces, first = [], {}, 0
    for chunk in chunks:
        keys = sorted({*range(-first % key_every, len(chunk), key_every), len(chunk) - 1})
        faces.update(zip((first + key for key in keys), detector.detect(chunk.images[keys])))
        times_s.append(chunk.times_s)
        first += len(chunk)
    return np.concatenate(times_s), faces


def _look_between(
    chunks: Iterator[FrameChunk],
    detector: FaceDetector,
    settings: CropSettings,
    person: Person,
    keys: np.ndarray,
    seen: np.ndarray,
    status: np.ndarray,
) -> None:
    """Step 2: adds what is found to ``person`` and ``status``."""
    known = keys[seen]
    known_boxes = np.stack([person.boxes[key] for key in known])
    frames = np.arange(len(status))
    expected = np.stack([np.interp(frames, known, known_boxes[:, c]) for c in range(4)], axis=1)
    before = np.clip(np.searchsorted(keys, frames, side="right") - 1, 0, None)
    after = np.searchsorted(keys, frames)
    both, either = seen[before] & seen[after], seen[before] | seen[after]
    is_key = np.isin(frames, keys)
    first = 0
    for chunk in chunks:
        here = np.arange(first, first + len(chunk))
        follow = here[both[here] & ~is_key[here]]
        boxes, landmarks, scores = detector.follow(chunk.images[follow - first], expected[follow])
        good = scores >= settings.thresholds[2]
        found = Faces(boxes, landmarks, scores)
        for i in np.flatnonzero(good):
            person.add(int(follow[i]), found, i)
            status[follow[i]] = TRACKED
        search = np.setdiff1d(here[either[here] & ~is_key[here]], follow[good])
        for frame, faces in zip(search, detector.detect(chunk.images[search - first])):
            unlike = distance(faces.boxes, expected[frame])
            if len(faces) and unlike.min() < NEAR:
                person.add(int(frame), faces, int(unlike.argmin()))
                status[frame] = DETECTED
        first += len(chunk)


def _fill(times_s: np.ndarray, person: Person, status: np.ndarray, settings: CropSettings) -> FaceTrack:
    """Step 3, and smoothing."""
    known = np.array(sorted(person.boxes))
    for a, b in pairwise(known):
        if b - a > 1 and _is_short(times_s, a, b, settings.max_gap_s):
            status[a + 1 : b] = INTERPOLATED
    track = _blank_track(times_s)
    there = status != MISSING
    for values, found in ((track.boxes_xyxy, person.boxes), (track.landmarks, person.landmarks)):
        table = np.stack([found[frame].reshape(-1) for frame in known])
        for c in range(table.shape[1]):
            values.reshape(len(times_s), -1)[there, c] = np.interp(
                times_s[there], times_s[known], table[:, c]
            )
    scores = np.array([person.scores[frame] for frame in known], dtype=np.float32)
    left, right = (
        np.searchsorted(known, np.flatnonzero(there), side="right") - 1,
        np.searchsorted(known, np.flatnonzero(there)),
    )
    track.scores[there] = np.minimum(scores[left], scores[right])
    landmarks = smooth_over_time(track.landmarks, times_s, settings.smooth_s)
    return FaceTrack(times_s, track.boxes_xyxy, landmarks, track.scores, status)


def _is_short(times_s: np.ndarray, a: int, b: int, max_gap_s: float) -> bool:
    """Whether the frames between ``a`` and ``b``, where the face is known, last at most ``max_gap_s``."""
    return times_s[b - 1] - times_s[a] <= max_gap_s + 1e-6


def _blank_track(times_s: np.ndarray) -> FaceTrack:
    n = len(times_s)
    return FaceTrack(
        times_s,
        np.full((n, 4), np.nan, np.float32),
        np.full((n, 5, 2), np.nan, np.float32),
        np.full(n, np.nan, np.float32),
        np.zeros(n, np.uint8),
    )
