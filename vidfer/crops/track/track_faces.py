"""Follows faces through a clip."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from vidfer.crops.decode.video import FrameChunk
from vidfer.crops.detect.question import Asking
from vidfer.crops.regions import whole_face_landmarks
from vidfer.crops.settings import CropSettings
from vidfer.crops.track.choose import choose_people
from vidfer.crops.track.complete_track import complete_track
from vidfer.crops.track.follow import follow_people
from vidfer.crops.track.followed_face import ASSUMED, MISSING, FaceTrack
from vidfer.crops.track.key_frames import scan_key_frames
from vidfer.crops.track.link import link_people


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
    3. Short gaps are filled, and box and landmarks are smoothed (:mod:`vidfer.crops.track.complete_track`).

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
            searched = yield from follow_people(
                chunk, first, people, everybody, scan.key_frames, settings.thresholds[2]
            )
            for frames, more in zip(detected, searched):
                frames |= more
            first += len(chunk)
    tracks = [
        complete_track(scan.times_s, scan.shots, person, frames, settings)
        for person, frames in zip(people, detected)
    ]
    tracks = tracks or [FaceTrack.missing(scan.times_s)]
    return (
        [assume_face(track, scan.width, scan.height, settings) for track in tracks] if whole_face else tracks
    )


def _whole_pictures(chunks: Iterator[FrameChunk], settings: CropSettings) -> FaceTrack:
    """A track without a search: every picture is taken to be the face."""
    times_s = []
    for chunk in chunks:
        times_s.append(chunk.times_s)
        height, width = chunk.images.shape[1:3]
    return assume_face(FaceTrack.missing(np.concatenate(times_s)), width, height, settings)


def assume_face(track: FaceTrack, width: int, height: int, settings: CropSettings) -> FaceTrack:
    """The track with the whole picture as the face where it is missing. Such a face has score 0."""
    gone = track.status == MISSING
    track.boxes_xyxy[gone] = (0, 0, width, height)
    track.landmarks[gone] = whole_face_landmarks(width, height, settings)
    track.scores[gone] = 0
    track.status[gone] = ASSUMED
    return track
