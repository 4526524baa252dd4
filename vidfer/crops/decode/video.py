"""Reads videos, images and folders of frames in chunks, with the time of each frame.

All of vidfer reads pictures with :func:`read_chunks`. Only :mod:`vidfer.crops.decode.readers` knows which
library decodes them.
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
from vidfer.errors import SettingError

CHUNK_BYTES = 96 * 2**20
"""Largest size of a chunk. A chunk of large frames has fewer of them, so memory is bounded for 4K video
too."""

TIME_SLACK_S = 0.99e-3
"""A frame this near to ``start_s`` or ``end_s`` is taken to be exactly there, since containers round times to
a millisecond. It is a little less than one millisecond, so that rounding decides nothing between whole
ones."""


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
    """Read the frames of a video file, an image (one frame at time 0) or a folder of images (25 a second).

    Times come from the time stamps in the file and count from the first frame, so they are right for a
    variable frame rate. Memory does not depend on the length of the video.

    Args:
        path: what to read.
        start_s: leave out frames before this time, in seconds.
        end_s: leave out frames at and after this time, in seconds.
        max_frames: if more frames remain, use this many, evenly spread over them.
        fps: use this many frames a second, chosen by their times; a slower video stays as it is.
        chunk_frames: highest number of frames in a chunk; large frames come in smaller chunks.
        reader: ``auto`` decodes with decord where its frames are proved to be those of PyAV, and with PyAV
            elsewhere; ``pyav`` and ``decord`` force one of them.

    Raises:
        UnreadableVideo: nothing can be read, or the file is damaged after the last chunk that was given
            (``frames_read`` is then above 0).
        SettingError: ``fps`` or ``max_frames`` is not above 0.
    """
    path = Path(path)
    given, last, last_s = 0, -1, -np.inf
    for opened in open_readers(path, start_s=start_s, end_s=end_s, reader=reader):
        times_s = opened.times_s
        if 0 <= last < len(times_s):
            # This reader counts the same frames as the one before. Its times go on from the last one given.
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
    """Positions (k,) of the frames to use, from the times (n,) of all frames; see :func:`read_chunks`."""
    if (fps is not None and not fps > 0) or (max_frames is not None and max_frames < 1):
        raise SettingError(
            f"fps={fps} and max_frames={max_frames} must be above 0; leave one out for no limit"
        )
    first = 0 if start_s is None else np.searchsorted(times_s, start_s - TIME_SLACK_S)
    last = len(times_s) if end_s is None else np.searchsorted(times_s, end_s - TIME_SLACK_S)
    positions = np.arange(first, max(first, last))
    if fps is not None and len(positions):
        # The frame that a player would show at each tick of the wanted rate; no frame twice.
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
