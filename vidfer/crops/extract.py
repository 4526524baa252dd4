"""From a clip to the crops of its main face."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from vidfer.clips.clip import Clip
from vidfer.crops import REGIONS
from vidfer.crops.decode import FrameChunk, read_chunks
from vidfer.crops.detect import FaceDetector
from vidfer.crops.enhance import build_enhance, unchanged
from vidfer.crops.regions import crop_regions
from vidfer.crops.settings import CropSettings
from vidfer.crops.track import MISSING, FaceTrack, track_face

BUFFER_BYTES = 256 * 2**20
"""Frames of a clip are kept up to this; a longer clip is decoded anew for each pass."""
SAMPLE_FRAMES = 12
"""So many frames of a clip choose how it is enhanced."""


@dataclass(frozen=True)
class ClipCrops:
    """The followed face of a clip and, frame by frame, its crops."""

    track: FaceTrack
    settings: CropSettings
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


def extract_crops(clip: Clip, detector: FaceDetector, settings: CropSettings) -> ClipCrops:
    """Decode a clip, enhance it, follow its main face, and be ready to cut the crops.

    Memory does not depend on the length: at most 256 MiB of frames are kept; a longer clip is decoded three
    times (find, follow, cut), and how it is enhanced is chosen from the part that was kept.

    Raises:
        UnreadableVideo: nothing, or not all, of the clip can be read.
    """
    kept, complete = _fill_buffer(clip, settings)
    enhance = build_enhance(settings.enhance, _sample(kept))
    if complete:  # chunk by chunk, so that the buffer is never there twice
        for i, chunk in enumerate(kept):
            kept[i] = _enhanced(chunk, enhance)
        return _extract(lambda: iter(kept), clip, detector, settings)
    kept.clear()
    return _extract(
        lambda: (_enhanced(chunk, enhance) for chunk in _read(clip, settings)), clip, detector, settings
    )


def _extract(
    chunks: Callable[[], Iterator[FrameChunk]], clip: Clip, detector: FaceDetector, settings: CropSettings
) -> ClipCrops:
    return ClipCrops(track_face(chunks, detector, settings, clip.box_hint), settings, chunks)


def _sample(chunks: list[FrameChunk]) -> np.ndarray:
    """Some frames, spread evenly over the chunks."""
    places = [(chunk, i) for chunk in chunks for i in range(len(chunk))]
    chosen = np.linspace(0, len(places) - 1, min(SAMPLE_FRAMES, len(places))).round().astype(int)
    return np.stack([places[c][0].images[places[c][1]] for c in chosen])


def _read(clip: Clip, settings: CropSettings) -> Iterator[FrameChunk]:
    return read_chunks(
        clip.path, start_s=clip.start_s, end_s=clip.end_s, max_frames=settings.max_frames, fps=settings.fps
    )


def _fill_buffer(clip: Clip, settings: CropSettings) -> tuple[list[FrameChunk], bool]:
    """The first chunks of the clip, up to the size of the buffer, and whether they are all."""
    kept, n_bytes = [], 0
    for chunk in _read(clip, settings):
        n_bytes += chunk.images.nbytes
        if n_bytes > BUFFER_BYTES and kept:
            return kept, False
        kept.append(chunk)
    return kept, True


def _enhanced(chunk: FrameChunk, enhance: Callable[[np.ndarray], np.ndarray]) -> FrameChunk:
    if enhance is unchanged:
        return chunk
    return FrameChunk(np.stack([enhance(image) for image in chunk.images]), chunk.times_s)
