"""Cuts examples into the pieces that a network sees: a few frames of the face out of a second."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from vidfer.clips.clip import Clip
from vidfer.crops.decode.unreadable_video import UnreadableVideo
from vidfer.crops.detect.face_detector import FaceDetector
from vidfer.crops.extract import ClipCrops, extract_crops
from vidfer.crops.settings import CropSettings
from vidfer.crops.track.followed_face import MISSING
from vidfer.data.sampling import uniform_frames
from vidfer.errors import DataError
from vidfer.infer.support.settings import SupportSettings

LONG_S = 20.0
"""A user should know about an example that is longer, in seconds: hardly all of it shows the expression."""


def read_pieces(
    clip: Clip, detector: FaceDetector, crops: CropSettings, settings: SupportSettings
) -> tuple[np.ndarray, np.ndarray, str]:
    """The pieces of an example.

    Args:
        clip: what to read; the main person, or the one at its box hint.
        detector: finds the faces.
        crops: how they are followed and cut, as in a cache.
        settings: length and number of the pieces.

    Returns:
        crops uint8 (W, T, 3, 3, S, S), the mask bool (W, T) of frames that are there, and what the user
        should know, or nothing.

    Raises:
        DataError: it cannot be read, or shows no face.
    """
    try:
        people = extract_crops(clip, detector, replace(crops, face="all"))  # the main person comes first
    except UnreadableVideo as error:
        raise DataError(f"{clip.path} cannot be read: {error.reason}") from error
    face = people[0]
    places = piece_frames(face.track.times_s, face.track.status != MISSING, settings)
    if not places:
        raise DataError(f"{clip.path} shows no face{_when(clip)}")
    n_frames = max(map(len, places))
    shape = (len(places), n_frames, 3, 3, crops.size_px, crops.size_px)
    images, mask = np.zeros(shape, np.uint8), np.zeros(shape[:2], bool)
    for frame, image in _wanted(face, np.unique(np.concatenate(places))):
        for piece, frames in enumerate(places):
            for slot in np.flatnonzero(frames == frame):
                images[piece, slot] = image.transpose(0, 3, 1, 2)
                mask[piece, slot] = True
    return images, mask, _note(clip, face, len(people))


def piece_frames(times_s: np.ndarray, has_face: np.ndarray, settings: SupportSettings) -> list[np.ndarray]:
    """The frames of each piece, at most ``settings.frames``, all with a face.

    Pieces start ``step_s`` apart; a clip that is shorter than a piece is one. Pieces in which the face is
    missing in more than half of the frames are left out, unless there is no other.

    Args:
        times_s: (F,) of all frames, rising.
        has_face: (F,) bool.
        settings: length, step and number of the pieces.
    """
    if not has_face.any():
        return []
    first, last = times_s[has_face][[0, -1]]
    n = 1 + max(0, int((last - first - settings.window_s) / settings.step_s + 1e-6))
    starts = first + settings.step_s * np.arange(n)
    # Half a frame: the last frame of a piece of one second at 25 frames/s is the 25th.
    inside = [(times_s >= start - 1e-6) & (times_s < start + settings.window_s - 1e-6) for start in starts]
    inside[-1] |= times_s >= starts[-1] + settings.window_s if n == 1 else False
    seen = [(there & has_face, (there & has_face).sum() / max(there.sum(), 1)) for there in inside]
    clear = [frames for frames, share in seen if share >= 0.5]
    found = [np.flatnonzero(frames) for frames in clear or [frames for frames, share in seen if share > 0]]
    kept = uniform_frames(len(found), settings.windows) if found else []
    return [found[i][uniform_frames(len(found[i]), settings.frames)] for i in kept]


def _wanted(face: ClipCrops, frames: Sequence[int]) -> Iterator[tuple[int, np.ndarray]]:
    """The crops (3, S, S, 3) of some frames, rising."""
    wanted, first = set(map(int, frames)), 0
    for chunk in face.iter_crops():
        for i in range(len(chunk)):
            if first + i in wanted:
                yield first + i, chunk[i]
        first += len(chunk)


def _when(clip: Clip) -> str:
    if clip.start_s is None and clip.end_s is None:
        return ""
    return f" from {clip.start_s or 0:g} s to {'its end' if clip.end_s is None else f'{clip.end_s:g} s'}"


def _note(clip: Clip, face: ClipCrops, n_people: int) -> str:
    duration = float(face.track.times_s[-1] - face.track.times_s[0])
    if face.fault:
        return f"{clip.id} is not read to its end: {face.fault}"
    if duration > LONG_S:
        return (
            f"{clip.id} is {duration:.0f} s long, and all of it counts as an example; a table with start_s "
            "and end_s names the part that shows the expression"
        )
    if n_people > 1 and clip.box_hint is None:
        return (
            f"{clip.id} shows {n_people} people, and the main one counts; a table with x, y, width and "
            "height of the head names another"
        )
    return ""
