"""From the faces that were found to a track: short gaps are filled, and all is smoothed over time."""

from __future__ import annotations

from collections.abc import Collection
from itertools import pairwise

import numpy as np

from vidfer.crops.settings import CropSettings
from vidfer.crops.track.followed_face import DETECTED, INTERPOLATED, MISSING, TRACKED, FaceTrack
from vidfer.crops.track.link import Person
from vidfer.crops.track.smooth import REACH, smooth_over_time

SLACK_S = 1e-6
"""Times that differ by less count as equal."""


def complete_track(
    times_s: np.ndarray,
    shots: np.ndarray,
    person: Person,
    detected: Collection[int],
    settings: CropSettings,
    first: int = 0,
) -> FaceTrack:
    """The track of a person in n consecutive frames of a clip.

    Where a face is lost for at most ``max_gap_s`` and then found again, box and landmarks are put on the line
    between the frames around (`interpolated`). Elsewhere it is `missing`.

    Args:
        times_s: (n,) of the frames.
        shots: (n,) the number of the shot of each frame.
        person: where the face was found.
        detected: numbers of the frames that were searched as a whole; in others it is `tracked`.
        settings: the longest gap, and how much is smoothed.
        first: number of the first of the frames in the clip. What was found before it is not used.
    """
    track = FaceTrack.missing(times_s)
    known = np.array(sorted(frame - first for frame in person.boxes if first <= frame < first + len(times_s)))
    if not len(known):
        return track
    track.status[known] = TRACKED
    track.status[[frame - first for frame in detected if first <= frame < first + len(times_s)]] = DETECTED
    for a, b in pairwise(known):
        is_short = times_s[b - 1] - times_s[a] <= settings.max_gap_s + SLACK_S
        if b - a > 1 and shots[a] == shots[b] and is_short:
            track.status[a + 1 : b] = INTERPOLATED
    there = track.status != MISSING
    for values, found in ((track.boxes_xyxy, person.boxes), (track.landmarks, person.landmarks)):
        table = np.stack([found[first + frame].reshape(-1) for frame in known])
        for c in range(table.shape[1]):
            values.reshape(len(times_s), -1)[there, c] = np.interp(
                times_s[there], times_s[known], table[:, c]
            )
    scores = np.array([person.scores[first + frame] for frame in known], dtype=np.float32)
    before = np.searchsorted(known, np.flatnonzero(there), side="right") - 1
    after = np.searchsorted(known, np.flatnonzero(there))
    track.scores[there] = np.minimum(scores[before], scores[after])
    boxes, landmarks = (
        smooth_over_time(values, times_s, settings.smooth_s, shots)
        for values in (track.boxes_xyxy, track.landmarks)
    )
    return FaceTrack(times_s, boxes, landmarks, track.scores, track.status)


def reach_s(settings: CropSettings) -> float:
    """How far a frame of a track depends on what is found before and after it, in seconds."""
    return settings.max_gap_s + REACH * settings.smooth_s + 2 * SLACK_S
