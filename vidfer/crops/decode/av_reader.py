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

from vidfer.crops.decode.memory import new_frames
from vidfer.crops.decode.packet_table import WrongPlan, plan_frames
from vidfer.crops.decode.packets import decode_packets, open_container, read_packets, video_stream
from vidfer.crops.decode.rgb import RgbWriter

FALLBACK_FPS = 25.0
"""Only for files that state no rate."""

LEAST_SHARE = 0.9
"""An AVI that holds fewer of the frames that its header states has been cut off. Writers that count a few too
many are common."""

SEEK_MARGIN_S = 1.0
"""The jump goes so much further back, because indices are in order of decoding, which is ahead of showing."""


class AvReader:
    """Frames by position, forwards only.

    Args:
        container: the file, opened and not yet read from.
        start_s: jump to the key frame before this time; ``times_s`` starts there.
        end_s: ``times_s`` may end there.

    Raises:
        WrongPlan: here or from :meth:`read`; the frames before that are right.
    """

    def __init__(
        self,
        path: Path,
        container: av.container.InputContainer,
        *,
        start_s: float | None = None,
        end_s: float | None = None,
    ) -> None:
        self.fault: str | None = None
        stream = video_stream(container)
        self.fps = float(stream.average_rate or FALLBACK_FPS)
        tick_s = float(stream.time_base)
        # In other containers an edit list may hide frames, and a file that is cut off cannot be read at all.
        stated = stream.frames if container.format.name == "avi" else 0
        zero = start = None
        if start_s is not None:
            zero = _first_tick(container)
            start = zero + int((start_s - SEEK_MARGIN_S) / tick_s)
        packets = _packets_from(container, start)
        plan = plan_frames(packets, zero=zero, length=None if end_s is None else int(end_s / tick_s) + 1)
        ticks = plan.ticks
        if start is not None and (len(ticks) == 0 or ticks[0] > start):
            raise WrongPlan
        if plan.packets is None:
            container.close()
            container = open_container(path)
            packets = _packets_from(container, start)
        else:
            packets = chain(plan.packets, packets)
        if plan.whole and start is None and len(ticks) < LEAST_SHARE * stated:
            self.fault = f"the file states {stated} frames and holds {len(ticks)}: its end is lost"
        self._container = container  # has to live as long as its packets
        self._ticks, self._whole, self._jumped, self._next = ticks, plan.whole, start is not None, 0
        self._faults: list[str] = []
        frames = decode_packets(packets, self._faults)
        first = next(frames, None)
        while self._jumped and first is not None and first.pts is not None and first.pts < ticks[0]:
            # Shown before the key frame, and decoded without what it leans on.
            first = next(frames, None)
        if first is None or first.pts != ticks[0]:
            raise WrongPlan
        self._frames: Iterator[av.VideoFrame] = chain([first], frames)
        self._writer = RgbWriter(first)
        self.width, self.height = self._writer.width, self._writer.height
        self.times_s = (ticks - (ticks[0] if zero is None else zero)) * tick_s

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
            if frame is None and self._faults and not self._jumped:
                self.fault = f"the data are damaged after frame {self._next - 1} ({self._faults[0]})"
                return None
            if frame is None or frame.pts != self._ticks[self._next] or (self._jumped and frame.is_corrupt):
                raise WrongPlan
            self._next += 1
        if self._whole and self._next == len(self._ticks) and next(self._frames, None) is not None:
            raise WrongPlan
        return frame


def _first_tick(container: av.container.InputContainer) -> int:
    """The time stamp of the first frame that comes."""
    first = next(decode_packets(read_packets(container), []), None)
    if first is None or first.pts is None:
        raise WrongPlan
    return first.pts


def _packets_from(container: av.container.InputContainer, start: int | None) -> Iterator[av.Packet]:
    """The packets of the video from the key frame at or before a time stamp, or from the first one."""
    if start is not None:
        try:
            container.seek(start, stream=video_stream(container))
        except av.FFmpegError:
            raise WrongPlan from None
    return read_packets(container)
