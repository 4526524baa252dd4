"""Makes a clip into the crops of the people in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from vidfer.clips.clip import Clip
from vidfer.crops import REGIONS
from vidfer.crops.decode.unreadable_video import UnreadableVideo
from vidfer.crops.decode.video import FrameChunk, read_chunks
from vidfer.crops.detect.face_detector import FaceDetector
from vidfer.crops.detect.side_by_side import side_by_side
from vidfer.crops.enhance import build_enhance, unchanged
from vidfer.crops.regions import crop_regions
from vidfer.crops.settings import CropSettings
from vidfer.crops.track.followed_face import MISSING, FaceTrack
from vidfer.crops.track.track_faces import track_faces
from vidfer.timing import iterate_timed

BUFFER_BYTES = 256 * 2**20
"""Up to this much memory, the frames of a clip are kept. A longer clip is decoded again for each pass."""
SAMPLE_FRAMES = 12
"""Number of frames of a clip that decide how it is enhanced."""


@dataclass(frozen=True)
class ClipCrops:
    """The face of one person in a clip, and its crops frame by frame."""

    track: FaceTrack
    settings: CropSettings
    fault: str
    """Why the frames end before the video does; empty if all of it was read."""
    reader: str
    """What decoded the clip, see :attr:`vidfer.crops.decode.video.FrameChunk.library`."""
    chunks: Callable[[], Iterator[FrameChunk]]
    """Starts reading the frames, enhanced."""

    def iter_crops(self) -> Iterator[np.ndarray]:
        """Yield the crops of some frames at a time, in order: uint8 (n,3,S,S,3) RGB.

        The second axis is face, eyes, mouth. Crops of frames in which the face is missing are black.
        """
        size_px, first = self.settings.size_px, 0
        for chunk in self.chunks():
            crops = np.zeros((len(chunk), len(REGIONS), size_px, size_px, 3), dtype=np.uint8)
            for i in range(len(chunk)):
                if self.track.status[first + i] != MISSING:
                    crops[i] = crop_regions(chunk.images[i], self.track.landmarks[first + i], self.settings)
            first += len(chunk)
            yield crops


@dataclass(frozen=True)
class ReadClip:
    """A clip whose frames can be read as often as wanted, enhanced."""

    clip: Clip
    chunks: Callable[[], Iterator[FrameChunk]]
    """Starts reading the frames."""
    kept: list[FrameChunk]
    """All frames, if they are kept in memory; else empty."""
    _reading: _ClipReader

    @property
    def n_bytes(self) -> int:
        """Memory that the kept frames take."""
        return sum(chunk.images.nbytes for chunk in self.kept)

    @property
    def n_frames(self) -> int:
        """Number of kept frames."""
        return sum(map(len, self.kept))


def extract_crops(clip: Clip, detector: FaceDetector, settings: CropSettings) -> list[ClipCrops]:
    """Decode and enhance a clip and follow the faces in it. The crops are cut when they are iterated.

    Memory does not depend on the length of the clip: at most 256 MiB of frames are kept. A longer clip is
    decoded three times (to find, to follow, to cut), and the part that was kept decides how it is enhanced.
    Of a damaged video, the frames before the damage are used.

    Args:
        clip: what to read.
        detector: finds the faces.
        settings: how frames are read, and faces found, followed and cut.

    Returns:
        One record for each person that ``settings.face`` selects, the main person first; at least one.

    Raises:
        UnreadableVideo: no frame of the clip can be read.
    """
    (faces,) = find_faces([read_clip(clip, settings)], detector, settings)
    if isinstance(faces, Exception):
        raise faces
    return faces


def read_clip(clip: Clip, settings: CropSettings) -> ReadClip:
    """The first step of :func:`extract_crops`: decode and enhance."""
    reading = _ClipReader(clip, settings)
    kept, following = _fill_buffer(reading.chunks())
    enhance = build_enhance(settings.enhance, _sample(kept))
    if following is None:
        for chunk in kept:
            _enhance(chunk, enhance)
        return ReadClip(clip, lambda: iter(kept), kept, reading)
    kept.clear()
    return ReadClip(clip, lambda: (_enhance(chunk, enhance) for chunk in reading.chunks()), kept, reading)


class FilmReader:
    """Reads the frames of a clip of any length once, enhanced as :func:`extract_crops` does."""

    def __init__(self, clip: Clip, settings: CropSettings) -> None:
        """``settings``: how frames are read and enhanced."""
        self._reading, self._settings = _ClipReader(clip, settings), settings

    @property
    def fault(self) -> str:
        """Why the frames end before the video does; empty if all of it was read, or nothing yet."""
        return self._reading.fault

    @property
    def library(self) -> str:
        """What decodes, see :attr:`vidfer.crops.decode.video.FrameChunk.library`."""
        return self._reading.library

    def chunks(self) -> Iterator[FrameChunk]:
        """Read the frames. At most 256 MiB of them are read before the first is given: they decide how the
        clip is enhanced.

        Raises:
            UnreadableVideo: no frame of the clip can be read.
        """
        chunks = self._reading.chunks()
        if self._settings.enhance == "none":
            yield from chunks
            return
        kept, following = _fill_buffer(chunks)
        enhance = build_enhance(self._settings.enhance, _sample(kept))
        while kept:
            yield _enhance(kept.pop(0), enhance)
        if following is not None:
            yield _enhance(following, enhance)
            del following
            yield from (_enhance(chunk, enhance) for chunk in chunks)


def find_faces(
    reads: Sequence[ReadClip], detector: FaceDetector, settings: CropSettings
) -> list[list[ClipCrops] | Exception]:
    """The second step of :func:`extract_crops`: find and follow, in several clips side by side.

    Their frames are searched together: with short clips this takes little more than half of the time. On a
    CPU the crops of a clip do not depend on the clips beside it.

    Args:
        reads: what :func:`read_clip` returned. All frames that they keep are in memory.
        detector: finds the faces.
        settings: how faces are found, followed and cut.

    Returns:
        For each clip what :func:`extract_crops` returns, or why it cannot be followed.
    """
    works = [track_faces(read.chunks, settings, read.clip.box_hint, read.clip.whole_face) for read in reads]
    return [
        tracks if isinstance(tracks, Exception) else [_crops_of(read, track, settings) for track in tracks]
        for read, tracks in zip(reads, side_by_side(works, detector))
    ]


def _crops_of(read: ReadClip, track: FaceTrack, settings: CropSettings) -> ClipCrops:
    return ClipCrops(track, settings, read._reading.fault, read._reading.library, read.chunks)


class _ClipReader:
    """Reads the frames of a clip any number of times, always up to the same damage."""

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
    """Some frames (n,H,W,3), spread evenly over the chunks."""
    places = [(chunk, i) for chunk in chunks for i in range(len(chunk))]
    chosen = np.linspace(0, len(places) - 1, min(SAMPLE_FRAMES, len(places))).round().astype(int)
    return np.stack([places[c][0].images[places[c][1]] for c in chosen])


def _fill_buffer(chunks: Iterator[FrameChunk]) -> tuple[list[FrameChunk], FrameChunk | None]:
    """The first chunks of the clip, up to the size of the buffer, and the next one; None at the end."""
    kept, n_bytes = [], 0
    for chunk in chunks:
        n_bytes += chunk.images.nbytes
        if n_bytes > BUFFER_BYTES and kept:
            return kept, chunk
        kept.append(chunk)
    return kept, None


def _enhance(chunk: FrameChunk, enhance: Callable[[np.ndarray], np.ndarray]) -> FrameChunk:
    """The chunk with its frames enhanced in place, which takes no memory."""
    if enhance is not unchanged:
        for image in chunk.images:
            image[:] = enhance(image)
    return chunk
