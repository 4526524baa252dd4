"""The careful reader: it decodes the whole video once before it gives a frame."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import av
import numpy as np

from vidfer.crops.decode.av_reader import FALLBACK_FPS
from vidfer.crops.decode.frame_memory import new_frames
from vidfer.crops.decode.packets import decode_packets, open_container, read_packets, video_stream
from vidfer.crops.decode.rgb_writer import RgbWriter
from vidfer.crops.decode.unreadable_video import UnreadableVideo

KEPT_BYTES = 32 * 2**20
"""A video is decoded only once if its decoded frames, before they are RGB, take at most this much memory."""


class CarefulReader:
    """Gives frames by position, forwards only, of files whose packets do not say which frames come, and when.

    The first pass decodes without converting to RGB and notes the time of each frame up to the first fault.
    So every time belongs to a frame that really comes. Longer files are then decoded a second time.
    """

    library = "pyav"
    is_proved_at_end = False

    def __init__(self, path: Path) -> None:
        times: list[float] = []
        faults: list[str] = []
        kept: deque[av.VideoFrame] = deque()
        kept_bytes = 0
        for frame in _decode(path, faults):
            if not times:
                self._writer = RgbWriter(frame)
            times.append(np.nan if frame.time is None else frame.time)
            kept_bytes += sum(plane.buffer_size for plane in frame.planes)
            if kept_bytes <= KEPT_BYTES:
                kept.append(frame)
            else:
                kept.clear()
        if not times:
            reason = f"no frame can be decoded ({faults[0] if faults else 'the video stream is empty'})"
            raise UnreadableVideo(path, reason)
        self.fault = f"the data are damaged after frame {len(times) - 1} ({faults[0]})" if faults else None
        self.width, self.height = self._writer.width, self._writer.height
        with open_container(path) as container:
            self.fps = float(video_stream(container).average_rate or FALLBACK_FPS)
        self.times_s = np.array(times) - times[0]
        if not np.all(np.diff(self.times_s) > 0):
            self.times_s = np.arange(len(times)) / self.fps
        self._frames = _drain(kept) if len(kept) == len(times) else _decode(path, [])
        self._next = 0

    def read(self, positions: np.ndarray) -> np.ndarray:
        """Frames at rising positions (k,), all after those of the last call: uint8 (k, H, W, 3) RGB."""
        images = new_frames((len(positions), self.height, self.width, 3))
        for i, position in enumerate(positions):
            self._writer.write(next(islice(self._frames, position - self._next, None)), images[i])
            self._next = position + 1
        return images


def _decode(path: Path, faults: list[str]) -> Iterator[av.VideoFrame]:
    with open_container(path) as container:
        yield from decode_packets(read_packets(container), faults)


def _drain(frames: deque[av.VideoFrame]) -> Iterator[av.VideoFrame]:
    """The frames in order; each one's memory is free once it is no longer used."""
    while frames:
        yield frames.popleft()
