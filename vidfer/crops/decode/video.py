"""Reads videos, images and folders of frames in chunks, with the time of each frame.

Everything else in vidfer reads pictures through :func:`read_chunks`; which library decodes is known only to
:mod:`vidfer.crops.decode.readers`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vidfer.crops.decode.packet_table import UnexpectedFrames
from vidfer.crops.decode.readers import not_proved, open_readers
from vidfer.crops.decode.unreadable_video import UnreadableVideo
from vidfer.errors import VidferError

CHUNK_BYTES = 96 * 2**20
"""A chunk of large frames holds fewer of them, so that memory stays bounded for 4K video too."""

TIME_SLACK_S = 0.99e-3
"""Containers round times to a millisecond; a frame this near to ``start_s`` or ``end_s`` is exactly there.
A little less than one, so that between whole milliseconds the last bit of a number decides nothing."""


@dataclass(frozen=True, kw_only=True)
class VideoInfo:
    """What a video is before its frames are read."""

    n_frames: int
    fps: float
    """Mean frame rate; 25 for a folder of frames, 0 for a single image."""
    width: int
    height: int
    """Size in pixels of a frame as it is given, after the rotation that the file asks for."""
    duration_s: float
    """From the first frame to the end of the last one."""


@dataclass(frozen=True)
class FrameChunk:
    """Consecutive frames of a clip."""

    images: np.ndarray
    """uint8 (n, H, W, 3) RGB."""
    times_s: np.ndarray
    """float64 (n,): seconds since the first frame of the file, rising."""
    library: str = ""
    """What decoded them: ``decord``, ``pyav``, or ``opencv`` for images."""

    def __len__(self) -> int:
        return len(self.images)


def probe(path: Path | str) -> VideoInfo:
    """Size, length and frame rate of a video file, an image (one frame) or a folder of frames.

    Raises:
        UnreadableVideo: with the reason, when no frame can be read.
    """
    reader = next(open_readers(Path(path), reader="pyav"))
    times_s = reader.times_s
    last_s = 1 / reader.fps if reader.fps else 0.0
    return VideoInfo(
        n_frames=len(times_s),
        fps=reader.fps,
        width=reader.width,
        height=reader.height,
        duration_s=float(times_s[-1]) + last_s,
    )


def read_chunks(
    path: Path | str,
    *,
    start_s: float | None = None,
    end_s: float | None = None,
    max_frames: int | None = None,
    fps: float | None = None,
    chunk_frames: int = 32,
    reader: str = "auto",
) -> Iterator[FrameChunk]:
    """Frames of a video file, an image (one frame at time 0) or a folder of frames (25 a second), in order.

    Times come from the file's time stamps, so they are right for a variable frame rate; they count from the
    first frame. Memory does not depend on the length of the video.

    Args:
        start_s: leave out frames before this time, in seconds.
        end_s: leave out frames at and after this time.
        max_frames: if more remain, take this many, evenly spread over them.
        fps: thin out to this many frames a second by their times; a slower video stays as it is.
        chunk_frames: at most so many frames in a chunk; fewer if they are large.
        reader: ``auto`` decodes with decord where its frames are proved to be those of PyAV, and with PyAV
            elsewhere; ``pyav`` and ``decord`` force one of them.

    Raises:
        UnreadableVideo: before the first chunk when nothing can be read; after the last good frame when the
            file is damaged from there on (``frames_read`` is then above 0).
    """
    path = Path(path)
    given, last, last_s = 0, -1, -np.inf
    for opened in open_readers(path, start_s=start_s, end_s=end_s, reader=reader):
        times_s = opened.times_s
        if 0 <= last < len(times_s):
            # The reader before counted the same frames; if this one has other times, they go on from there.
            times_s = times_s + (last_s - times_s[last])
        positions = choose_frames(times_s, start_s=start_s, end_s=end_s, max_frames=max_frames, fps=fps)
        if len(positions) == 0 and not given:
            raise UnreadableVideo(path, _nothing_between(start_s, end_s, path))
        positions = positions[(positions > last) & (times_s[positions] > last_s + TIME_SLACK_S)]
        positions = positions[: None if max_frames is None else max_frames - given]
        step = max(1, min(chunk_frames, CHUNK_BYTES // (opened.width * opened.height * 3)))
        parts = [positions[first : first + step] for first in range(0, len(positions), step)]
        proved: deque[np.ndarray] = deque()
        try:
            if opened.is_proved_at_end:
                proved.extend(opened.read(part) for part in parts)
                opened.check_end()
            for part in parts:
                images = proved.popleft() if proved else opened.read(part)
                if len(images):
                    given += len(images)
                    last = part[len(images) - 1]
                    last_s = times_s[last]
                    yield FrameChunk(images, times_s[part[: len(images)]], opened.library)
                if len(images) < len(part):
                    raise UnreadableVideo(path, opened.fault, given)
        except UnexpectedFrames as error:
            if reader == "decord":
                raise not_proved(path, error) from error
            if opened.times_s[0] != 0:  # it has jumped, and did not count from the first frame
                last = -1
            continue
        if opened.fault and (end_s is None or end_s > times_s[-1] + TIME_SLACK_S):
            raise UnreadableVideo(path, opened.fault, given)
        return


def choose_frames(
    times_s: np.ndarray,
    *,
    start_s: float | None = None,
    end_s: float | None = None,
    max_frames: int | None = None,
    fps: float | None = None,
) -> np.ndarray:
    """Positions (k,) of the wanted frames among all, given the time of each (n,); see :func:`read_chunks`."""
    if (fps is not None and not fps > 0) or (max_frames is not None and max_frames < 1):
        raise VidferError(
            f"fps={fps} and max_frames={max_frames} must be above 0; leave one out for no limit"
        )
    first = 0 if start_s is None else np.searchsorted(times_s, start_s - TIME_SLACK_S)
    last = len(times_s) if end_s is None else np.searchsorted(times_s, end_s - TIME_SLACK_S)
    positions = np.arange(first, max(first, last))
    if fps is not None and len(positions):
        # At each tick of the wanted rate the picture that a player would show; no picture twice.
        within_s = times_s[positions]
        ticks_s = np.arange(within_s[0], within_s[-1] + TIME_SLACK_S, 1 / fps)
        positions = positions[np.unique(np.searchsorted(within_s, ticks_s + TIME_SLACK_S, side="right") - 1)]
    if max_frames is not None and len(positions) > max_frames:
        positions = positions[np.linspace(0, len(positions) - 1, max_frames).round().astype(int)]
    return positions


def _nothing_between(start_s: float | None, end_s: float | None, path: Path) -> str:
    until = "the end" if end_s is None else f"{end_s:g} s"
    times_s = next(open_readers(path, reader="pyav")).times_s
    return (
        f"no frame from {start_s or 0:g} s to {until}: the last of {len(times_s)} is at {times_s[-1]:.3f} s"
    )
