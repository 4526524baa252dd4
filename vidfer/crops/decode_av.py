"""The first reader: PyAV, each frame decoded once, at a time that is known beforehand from the packets.

A pass over the packets costs a few per cent of decoding them and tells how many frames there are, and when.
While the frames are decoded each is held against that list. Where one differs, :class:`WrongPlan` says so,
and a reader that trusts less takes over.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import av
import numpy as np

from vidfer.crops.decode_memory import new_frames
from vidfer.crops.decode_packets import decode_packets, open_container
from vidfer.crops.decode_rgb import RgbWriter

FALLBACK_FPS = 25.0
"""Only for files that state no rate."""

KEPT_BYTES = 16 * 2**20
"""Packets up to this are kept from the first pass; of a larger video the file is read a second time."""


class WrongPlan(Exception):
    """The frames that come are not those that were announced."""


class AvReader:
    """Frames by position, forwards only.

    Raises:
        WrongPlan: here or from :meth:`read`; the frames before that are right.
        UnreadableVideo: FFmpeg cannot open the file.
    """

    def __init__(self, path: Path, container: av.container.InputContainer) -> None:
        self.fault: str | None = None
        stream = container.streams.video[0]
        self.fps = float(stream.average_rate or FALLBACK_FPS)
        ticks, packets = _survey(container.demux(stream))
        if packets is None:
            container.close()
            container = open_container(path)
            packets = container.demux(container.streams.video[0])
        self._container = container  # has to live as long as its packets
        self._ticks = ticks
        self._faults: list[str] = []
        frames = decode_packets(packets, self._faults)
        first = next(frames, None)
        if first is None or len(ticks) == 0 or first.pts != ticks[0]:
            raise WrongPlan
        self._frames: Iterator[av.VideoFrame] = chain([first], frames)
        self._writer = RgbWriter(first)
        self.width, self.height = self._writer.width, self._writer.height
        self.times_s = (ticks - ticks[0]) * float(stream.time_base)
        self._next = 0

    def read(self, positions: np.ndarray) -> np.ndarray:
        """Frames at rising positions (k,), all after those of the last call: uint8 (k, H, W, 3) RGB."""
        images = new_frames((len(positions), self.height, self.width, 3))
        for i, position in enumerate(positions):
            frame = self._forward(position)
            if frame is None:
                return images[:i]
            self._writer.write(frame, images[i])
        return images

    def _forward(self, position: int) -> av.VideoFrame | None:
        """The frame at a position, or None where damage ends the video before it."""
        frame = None
        while self._next <= position:
            frame = next(self._frames, None)
            if frame is None and self._faults:
                self.fault = f"the data are damaged after frame {self._next - 1} ({self._faults[0]})"
                return None
            if frame is None or frame.pts != self._ticks[self._next]:
                raise WrongPlan
            self._next += 1
        if self._next == len(self._ticks) and next(self._frames, None) is not None:
            raise WrongPlan
        return frame


def _survey(packets: Iterator[av.Packet]) -> tuple[np.ndarray, list[av.Packet] | None]:
    """When the frames of some packets are shown, in time stamps (n,), and the packets if they are few.

    Raises:
        WrongPlan: the packets do not tell.
    """
    ticks: list[int] = []
    kept: list[av.Packet] | None = []
    n_bytes = 0
    try:
        for packet in packets:
            n_bytes += packet.size
            if kept is not None:
                kept.append(packet)
                if n_bytes > KEPT_BYTES:
                    kept = None
            # The last packet is empty and makes the decoder give what it holds. An edit list hides frames.
            if packet.size and not packet.is_discard:
                ticks.append(packet.pts)
    except av.FFmpegError:
        raise WrongPlan from None
    if None in ticks or len(set(ticks)) < len(ticks):
        raise WrongPlan
    return np.sort(np.array(ticks, dtype=np.int64)), kept
