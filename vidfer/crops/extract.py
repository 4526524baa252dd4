"""From a clip to the crops of the people in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from vidfer.clips.clip import Clip
from vidfer.crops import REGIONS
from vidfer.crops.decode.unreadable_video import UnreadableVideo
from vidfer.crops.decode.video import FrameChunk, read_chunks
from vidfer.crops.detect.detect import FaceDetector
from vidfer.crops.enhance import build_enhance, unchanged
from vidfer.crops.regions import crop_regions
from vidfer.crops.settings import CropSettings
from vidfer.crops.track.followed_face import MISSING, FaceTrack
from vidfer.crops.track.track import track_faces
from vidfer.timing import iterate_timed

BUFFER_BYTES = 256 * 2**20
"""Frames of a clip are kept up to this; a longer clip is decoded anew for each pass."""
SAMPLE_FRAMES = 12
"""So many frames of a clip choose how it is enhanced."""


@dataclass(frozen=True)
class ClipCrops:
    """One person's face in a clip and, frame by frame, its crops."""

    track: FaceTrack
    settings: CropSettings
    fault: str
    """Why the frames end before the video does; empty when all of it could be read."""
    reader: str
    """What decoded the clip, see :attr:`vidfer.crops.decode.video.FrameChunk.library`."""
    _chunks: Callable[[], Iterator[FrameChunk]]

    def iter_crops(self) -> Iterator[np.ndarray]:
        """Yield uint8 (n,3,S,S,3) RGB: frames by face, eyes, mouth; in order of time, some frames at a time.

        Crops of missing frames are black.
        """
        size_px, first = self.settings.size_px, 0
        for chunk in self._chunks():
            crops = np.zeros((len(chunk), len(REGIONS), size_px, size_px, 3), dtype=np.uint8)
            for i in range(len(chunk)):
                if self.track.status[first + i] != MISSING:
                    crops[i] = crop_regions(chunk.images[i], self.track.landmarks[first + i], self.settings)
            first += len(chunk)
            yield crops


def extract_crops(clip: Clip, detector: FaceDetector, settings: CropSettings) -> list[ClipCrops]:
    """Decode a clip, enhance it, follow the faces in it, and be ready to cut the crops.

    Memory does not depend on the length: at most 256 MiB of frames are kept; a longer clip is decoded three
    times (find, follow, cut), and how it is enhanced is chosen from the part that was kept. Of a video that
    is damaged on the way the frames before the damage are used.

    Returns:
        One for each person that ``settings.face`` asks for, the main person first; at least one.

    Raises:
        UnreadableVideo: no frame of the clip can be read.
    """
    reading = _Reading(clip, settings)
    kept, complete = _fill_buffer(reading)
    enhance = build_enhance(settings.enhance, _sample(kept))
    if complete:
        for chunk in kept:
            _enhance(chunk, enhance)

        def chunks() -> Iterator[FrameChunk]:
            return iter(kept)
    else:
        kept.clear()

        def chunks() -> Iterator[FrameChunk]:
            return (_enhance(chunk, enhance) for chunk in reading.chunks())

    tracks = track_faces(chunks, detector, settings, clip.box_hint, clip.whole_face)
    return [ClipCrops(track, settings, reading.fault, reading.library, chunks) for track in tracks]


class _Reading:
    """Reads a clip as often as asked, up to the same damaged place."""

    def __init__(self, clip: Clip, settings: CropSettings) -> None:
        self.clip, self.settings = clip, settings
        self.fault = self.library = ""

    def chunks(self) -> Iterator[FrameChunk]:
        clip, settings = self.clip, self.settings
        try:
            frames = read_chunks(
                clip.path,
                start_s=clip.start_s,
                end_s=clip.end_s,
                max_frames=settings.max_frames,
                fps=settings.fps,
                reader=settings.reader,
            )
            for chunk in iterate_timed("decode", frames):
                self.library = chunk.library
                yield chunk
        except UnreadableVideo as error:
            if not error.frames_read:
                raise
            self.fault = error.reason


def _sample(chunks: list[FrameChunk]) -> np.ndarray:
    """Some frames, spread evenly over the chunks."""
    places = [(chunk, i) for chunk in chunks for i in range(len(chunk))]
    chosen = np.linspace(0, len(places) - 1, min(SAMPLE_FRAMES, len(places))).round().astype(int)
    return np.stack([places[c][0].images[places[c][1]] for c in chosen])


def _fill_buffer(reading: _Reading) -> tuple[list[FrameChunk], bool]:
    """The first chunks of the clip, up to the size of the buffer, and whether they are all."""
    kept, n_bytes = [], 0
    for chunk in reading.chunks():
        n_bytes += chunk.images.nbytes
        if n_bytes > BUFFER_BYTES and kept:
            return kept, False
        kept.append(chunk)
    return kept, True


def _enhance(chunk: FrameChunk, enhance: Callable[[np.ndarray], np.ndarray]) -> FrameChunk:
    """The chunk with its frames enhanced where they lie, which takes no memory."""
    if enhance is not unchanged:
        for image in chunk.images:
            image[:] = enhance(image)
    return chunk
