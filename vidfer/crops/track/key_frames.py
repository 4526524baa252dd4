"""The first look at a clip: shots, and all faces in some of its frames."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from vidfer.crops.decode.video import FrameChunk
from vidfer.crops.detect.detect import FaceDetector
from vidfer.crops.track.appearance import face_patches
from vidfer.crops.track.link import KeyFrame, is_doubtful
from vidfer.crops.track.shots import ShotCuts


@dataclass(frozen=True)
class FirstLook:
    """What the first pass over a clip of T frames finds."""

    times_s: np.ndarray
    """(T,) float64."""
    shots: np.ndarray
    """(T,) int64: number of the shot of each frame."""
    keys: dict[int, KeyFrame]
    """The frames that were searched as a whole, by number: among them the first and last of every shot and
    the last of every chunk, so that the frames between two of them are in one chunk."""
    width: int
    height: int
    """Size of a frame in pixels."""


def look_first(chunks: Iterator[FrameChunk], detector: FaceDetector, key_every_s: float) -> FirstLook:
    """Find cuts, and all faces in frames about ``key_every_s`` apart or less.

    Where it is unsure who is who from one of these frames to the next, those between them are searched too,
    always the middle one first.
    """
    times_s, shots, keys, cuts = [], [], {}, ShotCuts()
    first, shot, previous_s = 0, 0, None
    for chunk, ahead in _with_next_images(chunks):
        begins = cuts.find(chunk.images, ahead)
        own_shots = shot + np.searchsorted(begins, np.arange(len(chunk)), side="right")
        asked = _key_positions(chunk.times_s, begins, key_every_s, previous_s)
        found = _search(chunk, own_shots, asked, keys.get(first - 1), detector)
        keys |= {first + position: key for position, key in found.items()}
        times_s.append(chunk.times_s)
        shots.append(own_shots)
        first, shot, previous_s = first + len(chunk), int(own_shots[-1]), float(chunk.times_s[-1])
    height, width = chunk.images.shape[1:3]
    return FirstLook(np.concatenate(times_s), np.concatenate(shots), keys, width, height)


def _with_next_images(chunks: Iterator[FrameChunk]) -> Iterator[tuple[FrameChunk, np.ndarray]]:
    """Each chunk and the images of the next one, none after the last."""
    chunk = next(chunks)
    for following in chunks:
        yield chunk, following.images
        chunk = following
    yield chunk, chunk.images[:0]


def _key_positions(
    times_s: np.ndarray, begins: list[int], key_every_s: float, previous_s: float | None
) -> set[int]:
    """First and last frame of each shot, the last one of the chunk, and others between them, evenly in time.

    Args:
        previous_s: time of the frame before the chunk, which is a key frame; None at the start of the clip.
    """
    keys = set()
    starts = sorted({0, *begins})
    ends = [*(start - 1 for start in starts[1:]), len(times_s) - 1]
    for start, end in zip(starts, ends):
        frames, within_s = np.arange(start, end + 1), times_s[start : end + 1]
        if start not in begins and previous_s is not None:
            frames, within_s = np.append(-1, frames), np.append(previous_s, within_s)
        if key_every_s:
            n = int(np.ceil((within_s[-1] - within_s[0]) / key_every_s - 1e-3))
            asked_s = np.linspace(within_s[0], within_s[-1], n + 1)
            frames = np.interp(asked_s, within_s, frames).round().astype(int)
        keys |= set(frames.tolist())
    return keys - {-1}


def _search(
    chunk: FrameChunk,
    shots: np.ndarray,
    positions: set[int],
    previous: KeyFrame | None,
    detector: FaceDetector,
) -> dict[int, KeyFrame]:
    """Faces of the frames at these positions, and of more where they leave doubts.

    Between two that show nobody the middle one is searched too: somebody may have come and gone.

    Args:
        previous: the frame before the chunk; None at the start of the clip.
    """
    found, is_first = {} if previous is None else {-1: previous}, True
    while positions:
        asked = sorted(positions)
        for position, faces in zip(asked, detector.detect(chunk.images[asked])):
            patches = face_patches(chunk.images[position], faces.landmarks, detector.settings)
            found[position] = KeyFrame(faces, patches, int(shots[position]))
        gaps = [(a, b) for a, b in pairwise(sorted(found)) if b - a > 1 and found[a].shot == found[b].shot]
        positions = {
            (a + b) // 2
            for a, b in gaps
            if is_doubtful(found[a], found[b]) or (is_first and not found[a].faces and not found[b].faces)
        }
        is_first = False
    found.pop(-1, None)
    return found
