"""Follows faces through a clip."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np

from vidfer.crops.decode.video import FrameChunk
from vidfer.crops.detect.question import Asking
from vidfer.crops.regions import whole_face_landmarks
from vidfer.crops.settings import CropSettings
from vidfer.crops.track.choose import choose_people
from vidfer.crops.track.follow import follow_people
from vidfer.crops.track.followed_face import (
    ASSUMED,
    DETECTED,
    INTERPOLATED,
    MISSING,
    TRACKED,
    FaceTrack,
)
from vidfer.crops.track.key_frames import KeyFrameScan, scan_key_frames
from vidfer.crops.track.link import Person, link_people
from vidfer.crops.track.smooth import smooth_over_time


def track_faces(
    chunks: Callable[[], Iterator[FrameChunk]],
    settings: CropSettings,
    box_hint: tuple[float, float, float, float] | None = None,
    whole_face: bool = False,
) -> Asking[list[FaceTrack]]:
    """Follow faces through a clip. The frames are read twice. The detections that this needs are asked for,
    so that many clips can be followed side by side (:mod:`vidfer.crops.detect.side_by_side`).

    1. The first pass finds cuts, and all faces in key frames (:mod:`vidfer.crops.track.key_frames`). These
       faces are joined into people (:mod:`vidfer.crops.track.link`), and ``settings.face`` chooses among the
       people (:mod:`vidfer.crops.track.choose`).
    2. The second pass follows the chosen people through the frames between
       (:mod:`vidfer.crops.track.follow`). A face is `tracked` where O-Net found it, and `detected` where a
       whole frame was searched.
    3. Where a face is lost for at most ``max_gap_s`` and then found again, box and landmarks are put on the
       line between the frames around (`interpolated`). Elsewhere it is `missing`.

    Args:
        chunks: starts reading the frames of the clip; called twice.
        settings: how faces are found and followed.
        box_hint: x1, y1, x2, y2 in pixels: where the head of the wanted person is.
        whole_face: where no face is found, the whole picture is taken to be one (`assumed`).

    Returns:
        A track of each chosen person, the main one first. Without any face, one track in which all is
        missing.
    """
    if settings.face == "picture":
        return [_whole_pictures(chunks(), settings)]
    scan = yield from scan_key_frames(chunks(), settings)
    everybody = link_people(scan.key_frames)
    people = choose_people(everybody, settings.face, box_hint, scan.width, scan.height)
    detected = [set(person.boxes) for person in people]
    if people and len(scan.key_frames) < len(scan.times_s):
        first = 0
        for chunk in chunks():
            searched = yield from follow_people(chunk, first, people, everybody, scan, settings.thresholds[2])
            for frames, more in zip(detected, searched):
                frames |= more
            first += len(chunk)
    tracks = [_interpolate(scan, person, frames, settings) for person, frames in zip(people, detected)]
    tracks = tracks or [FaceTrack.missing(scan.times_s)]
    return [_assume(track, scan.width, scan.height, settings) for track in tracks] if whole_face else tracks


def _interpolate(scan: KeyFrameScan, person: Person, detected: set[int], settings: CropSettings) -> FaceTrack:
    """Step 3, and smoothing."""
    times_s = scan.times_s
    track = FaceTrack.missing(times_s)
    known = np.array(sorted(person.boxes))
    track.status[known] = TRACKED
    track.status[list(detected)] = DETECTED
    for a, b in pairwise(known):
        one_shot = scan.shots[a] == scan.shots[b]
        if b - a > 1 and one_shot and _is_short(times_s, a, b, settings.max_gap_s):
            track.status[a + 1 : b] = INTERPOLATED
    there = track.status != MISSING
    for values, found in ((track.boxes_xyxy, person.boxes), (track.landmarks, person.landmarks)):
        table = np.stack([found[frame].reshape(-1) for frame in known])
        for c in range(table.shape[1]):
            values.reshape(len(times_s), -1)[there, c] = np.interp(
                times_s[there], times_s[known], table[:, c]
            )
    scores = np.array([person.scores[frame] for frame in known], dtype=np.float32)
    before = np.searchsorted(known, np.flatnonzero(there), side="right") - 1
    after = np.searchsorted(known, np.flatnonzero(there))
    track.scores[there] = np.minimum(scores[before], scores[after])
    boxes, landmarks = (
        smooth_over_time(values, times_s, settings.smooth_s, scan.shots)
        for values in (track.boxes_xyxy, track.landmarks)
    )
    return FaceTrack(times_s, boxes, landmarks, track.scores, track.status)


def _whole_pictures(chunks: Iterator[FrameChunk], settings: CropSettings) -> FaceTrack:
    """A track without a search: every picture is taken to be the face."""
    times_s = []
    for chunk in chunks:
        times_s.append(chunk.times_s)
        height, width = chunk.images.shape[1:3]
    return _assume(FaceTrack.missing(np.concatenate(times_s)), width, height, settings)


def _assume(track: FaceTrack, width: int, height: int, settings: CropSettings) -> FaceTrack:
    """The track with the whole picture as the face where it is missing. Such a face has score 0."""
    gone = track.status == MISSING
    track.boxes_xyxy[gone] = (0, 0, width, height)
    track.landmarks[gone] = whole_face_landmarks(width, height, settings)
    track.scores[gone] = 0
    track.status[gone] = ASSUMED
    return track


def _is_short(times_s: np.ndarray, a: int, b: int, max_gap_s: float) -> bool:
    """Whether the frames between ``a`` and ``b``, where the face is known, last at most ``max_gap_s``."""
    return times_s[b - 1] - times_s[a] <= max_gap_s + 1e-6
