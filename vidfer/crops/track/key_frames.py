"""The key-frame scan, the first pass over a clip: shots, and all faces in some of its frames."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from vidfer.crops.decode.video import FrameChunk
from vidfer.crops.detect.question import Asking, Question
from vidfer.crops.settings import CropSettings
from vidfer.crops.track.appearance import face_patches
from vidfer.crops.track.face_cuts import FaceCuts, confirm_cuts
from vidfer.crops.track.key_frame import KeyFrame
from vidfer.crops.track.link import is_ambiguous
from vidfer.crops.track.shots import ShotCuts


@dataclass(frozen=True)
class KeyFrameScan:
    """What the first pass over a clip of T frames finds."""

    times_s: np.ndarray
    """(T,) float64."""
    shots: np.ndarray
    """(T,) int64: the number of the shot of each frame."""
    key_frames: dict[int, KeyFrame]
    """The frames that were searched as a whole, by number. The first and last frame of every shot and the
    last of every chunk are among them, so all frames between two key frames are in one chunk."""
    width: int
    height: int
    """Size of a frame in pixels."""


@dataclass(frozen=True)
class ScannedChunk:
    """What the first pass finds in a chunk of n frames."""

    first: int
    """Number of its first frame in the clip."""
    shots: np.ndarray
    """(n,) int64: the number of the shot of each frame."""
    key_frames: dict[int, KeyFrame]
    """Its key frames, by the number of the frame in the clip."""


class KeyFrameScanner:
    """Finds the cuts of a clip, and all faces in some frames, chunk by chunk.

    It remembers a few frames and places, however long the clip is.
    """

    def __init__(self, settings: CropSettings) -> None:
        self.settings = settings
        self._cuts, self._face_cuts = ShotCuts(), FaceCuts()
        self._first, self._shot = 0, 0
        self._previous: KeyFrame | None = None
        self._previous_s: float | None = None

    def state(self) -> dict:
        """What :meth:`restore` needs to go on from here."""
        own = {name: getattr(self, name) for name in ("_first", "_shot", "_previous", "_previous_s")}
        return own | {"cuts": self._cuts.last, "places": self._face_cuts.places}

    def restore(self, state: dict, images: Sequence[np.ndarray]) -> None:
        """Go on from a state. ``images``: the last frames that were scanned before it, at least four."""
        self._cuts.last, self._face_cuts.places = state["cuts"], state["places"]
        self._face_cuts.keep(images)
        for name in ("_first", "_shot", "_previous", "_previous_s"):
            setattr(self, name, state[name])

    def scan(self, chunk: FrameChunk, next_images: np.ndarray) -> Asking[ScannedChunk]:
        """Find cuts and key frames of the next chunk.

        Args:
            chunk: n frames that follow those of the last call.
            next_images: the frames after these; three of them are used, fewer at the end of the clip.
        """
        settings, first, previous = self.settings, self._first, self._previous
        starts = self._cuts.find(chunk.images, next_images)
        positions = _key_positions(chunk.times_s, starts, settings.key_every_s, self._previous_s)
        found = yield from _see(chunk, positions, settings)
        cut_places = yield from _cuts_at_faces(
            self._face_cuts, chunk, next_images, starts, found, previous, settings
        )
        begins = sorted({*starts, *cut_places})
        shots = self._shot + np.searchsorted(begins, np.arange(len(chunk)), side="right")
        found = {
            position: replace(key, shot=int(shots[position]), cut_places=cut_places.get(position))
            for position, key in found.items()
        }
        yield from _search_unclear(chunk, shots, found, previous, settings)
        self._first, self._shot = first + len(chunk), int(shots[-1])
        self._previous, self._previous_s = found[len(chunk) - 1], float(chunk.times_s[-1])
        return ScannedChunk(first, shots, {first + position: key for position, key in found.items()})


def scan_key_frames(chunks: Iterator[FrameChunk], settings: CropSettings) -> Asking[KeyFrameScan]:
    """Find the cuts of a clip, and all faces in frames that are at most about ``settings.key_every_s`` apart.

    A cut at the place of a face begins a new shot, too. Where it is unclear who is who from one of these
    frames to the next, the frames between are searched too, always the middle one first.
    """
    times_s, shots, key_frames, scanner = [], [], {}, KeyFrameScanner(settings)
    for chunk, next_images in with_next_images(chunks):
        scanned = yield from scanner.scan(chunk, next_images)
        key_frames |= scanned.key_frames
        times_s.append(chunk.times_s)
        shots.append(scanned.shots)
    height, width = chunk.images.shape[1:3]
    return KeyFrameScan(np.concatenate(times_s), np.concatenate(shots), key_frames, width, height)


def with_next_images(chunks: Iterator[FrameChunk]) -> Iterator[tuple[FrameChunk, np.ndarray]]:
    """Each chunk together with the images of the next one; none after the last."""
    chunk = next(chunks)
    for following in chunks:
        yield chunk, following.images
        chunk = following
    yield chunk, chunk.images[:0]


def _key_positions(
    times_s: np.ndarray, shot_starts: list[int], key_every_s: float, previous_s: float | None
) -> set[int]:
    """Positions of key frames in a chunk: the first and last frame of each shot, the last one of the chunk,
    and others between them, evenly in time.

    Args:
        times_s: (n,) times of the frames of the chunk.
        shot_starts: positions at which a new shot begins.
        key_every_s: largest distance of two key frames; 0 makes every frame one.
        previous_s: time of the frame before the chunk, which is a key frame; None at the start of the clip.
    """
    keys = set()
    starts = sorted({0, *shot_starts})
    ends = [*(start - 1 for start in starts[1:]), len(times_s) - 1]
    for start, end in zip(starts, ends):
        frames, within_s = np.arange(start, end + 1), times_s[start : end + 1]
        if start not in shot_starts and previous_s is not None:
            frames, within_s = np.append(-1, frames), np.append(previous_s, within_s)
        if key_every_s:
            n = int(np.ceil((within_s[-1] - within_s[0]) / key_every_s - 1e-3))
            wanted_s = np.linspace(within_s[0], within_s[-1], n + 1)
            frames = np.interp(wanted_s, within_s, frames).round().astype(int)
        keys |= set(frames.tolist())
    return keys - {-1}


def _see(chunk: FrameChunk, positions: set[int], settings: CropSettings) -> Asking[dict[int, KeyFrame]]:
    """Search the frames at these positions. Their shots are not known yet."""
    if not positions:
        return {}
    in_order = sorted(positions)
    all_faces = yield Question([chunk.images[position] for position in in_order])
    return {
        position: KeyFrame(faces, face_patches(chunk.images[position], faces.landmarks, settings), shot=-1)
        for position, faces in zip(in_order, all_faces)
    }


def _cuts_at_faces(
    face_cuts: FaceCuts,
    chunk: FrameChunk,
    next_images: np.ndarray,
    shot_starts: list[int],
    found: dict[int, KeyFrame],
    previous: KeyFrame | None,
    settings: CropSettings,
) -> Asking[dict[int, np.ndarray]]:
    """The boxes (m,4) of places that are cut, by the position of the first frame after the cut.

    The frames around each cut become key frames.

    Args:
        face_cuts: knows the chunks before.
        chunk: n frames.
        next_images: the frames after these.
        shot_starts: positions at which the whole frame begins a new shot.
        found: the key frames so far, by position; those around the cuts are added.
        previous: the key frame before the chunk; None at the start of the clip.
        settings: how faces are cut out to be compared.
    """
    cuts = face_cuts.find(chunk.images, next_images, shot_starts, found)
    around = {position for cut in cuts for position in (cut - 1, cut)} - {-1}
    known = found | (yield from _see(chunk, around - set(found), settings))
    cut_places = confirm_cuts(cuts, known if previous is None else {-1: previous, **known})
    for cut in cut_places:
        found |= {position: known[position] for position in (cut - 1, cut) if position >= 0}
    return cut_places


def _search_unclear(
    chunk: FrameChunk,
    shots: np.ndarray,
    found: dict[int, KeyFrame],
    previous: KeyFrame | None,
    settings: CropSettings,
) -> Asking[None]:
    """Add key frames where those that were ``found`` leave it unclear who is who.

    Between two frames that show nobody, the middle one is searched too: somebody may have come and gone.

    Args:
        chunk: n frames.
        shots: (n,) the number of the shot of each frame.
        found: the key frames so far, by position; the new ones are added.
        previous: the key frame before the chunk; None at the start of the clip.
        settings: how faces are cut out to be compared.
    """
    is_first_round = True
    while True:
        known = found if previous is None else {-1: previous, **found}
        gaps = [(a, b) for a, b in pairwise(sorted(known)) if b - a > 1 and known[a].shot == known[b].shot]
        positions = {
            (a + b) // 2
            for a, b in gaps
            if is_ambiguous(known[a], known[b])
            or (is_first_round and not known[a].faces and not known[b].faces)
        }
        if not positions:
            return
        seen = yield from _see(chunk, positions, settings)
        for position, key in seen.items():
            found[position] = replace(key, shot=int(shots[position]))
        is_first_round = False
