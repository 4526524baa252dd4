"""The quick reader: PyAV decodes each frame once, at a time that the packets give beforehand.

A pass over the packets costs a few per cent of decoding them. It says how many frames there are, and when
each is shown. Every decoded frame is then compared with this table. At the first difference the reader raises
:class:`UnexpectedFrames`, and a more careful reader takes over.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from weakref import finalize

import av
import numpy as np

from vidfer.crops.decode.frame_memory import new_frames
from vidfer.crops.decode.packet_table import UnexpectedFrames, read_packet_table
from vidfer.crops.decode.packets import decode_packets, open_container, read_packets, video_stream
from vidfer.crops.decode.rgb_writer import RgbWriter

FALLBACK_FPS = 25.0
"""The frame rate of a file that states none."""

LEAST_SHARE = 0.9
"""An AVI file was cut off if its last frame comes before this share of the frames that its header states.
The header also counts frames that were skipped. Many programs state a few frames too many."""

SEEK_MARGIN_S = 1.0
"""A jump goes this much further back: an index is in the order of decoding, which is ahead of showing."""


class AvReader:
    """Gives frames by position, forwards only.

    Args:
        path: the file.
        container: the same file, opened and not yet read from.
        start_s: jump to the key frame before this time, in seconds; ``times_s`` starts there.
        end_s: ``times_s`` may end at this time, in seconds.

    Raises:
        UnexpectedFrames: here or from :meth:`read`; all frames given before are right.
    """

    library = "pyav"
    is_proved_at_end = False

    def __init__(
        self,
        path: Path,
        container: av.container.InputContainer,
        *,
        start_s: float | None = None,
        end_s: float | None = None,
    ) -> None:
        self.fault: str | None = None
        _close_after(self, container)
        stream = video_stream(container)
        self.fps = float(stream.average_rate or FALLBACK_FPS)
        tick_s = float(stream.time_base)
        # Only AVI: elsewhere an edit list may hide frames, and a file that was cut off cannot be opened.
        n_stated = stream.frames if container.format.name == "avi" else 0
        zero = start = None
        if start_s is not None:
            zero = _first_tick(container)
            start = zero + int((start_s - SEEK_MARGIN_S) / tick_s)
        packets = _packets_from(container, start)
        length = None if end_s is None else int(end_s / tick_s) + 1
        table = read_packet_table(packets, zero=zero, length=length)
        ticks = table.ticks
        if start is not None and (len(ticks) == 0 or ticks[0] > start):
            raise UnexpectedFrames("the jump led to a later frame")
        if table.packets is None:
            container.close()
            container = open_container(path)
            _close_after(self, container)
            packets = _packets_from(container, start)
        else:
            packets = chain(table.packets, packets)
        shown_s = (ticks[-1] - ticks[0]) * tick_s if len(ticks) else 0.0
        n_shown = max(len(ticks), round(shown_s * self.fps) + 1)
        if table.is_complete and start is None and n_shown < LEAST_SHARE * n_stated:
            self.fault = f"the file states {n_stated} frames and holds {len(ticks)}: its end is lost"
        self.container = container  # has to live as long as its packets
        self._ticks, self._is_complete, self._jumped = ticks, table.is_complete, start is not None
        self._next = 0
        self._faults: list[str] = []
        frames = decode_packets(packets, self._faults)
        first = next(frames, None)
        while self._jumped and first is not None and first.pts is not None and first.pts < ticks[0]:
            # This frame is shown before the key frame, and was decoded without the frames that it needs.
            first = next(frames, None)
        if first is None or first.pts != ticks[0]:
            raise UnexpectedFrames("the first frame is not the one that the packets announce")
        self._frames: Iterator[av.VideoFrame] = chain([first], frames)
        self._writer = RgbWriter(first)
        self.width, self.height = self._writer.width, self._writer.height
        self.times_s = (ticks - (ticks[0] if zero is None else zero)) * tick_s

    def read(self, positions: np.ndarray) -> np.ndarray:
        """Frames at rising positions (k,), all after those of the last call: uint8 (k, H, W, 3) RGB."""
        images = new_frames((len(positions), self.height, self.width, 3))
        for i, position in enumerate(positions):
            frame = self._decode_to(position)
            if frame is None:
                return images[:i]
            self._writer.write(frame, images[i])
        return images

    def _decode_to(self, position: int) -> av.VideoFrame | None:
        """The frame at a position, or None where damage ends the video before it."""
        frame = None
        while self._next <= position:
            frame = next(self._frames, None)
            if frame is None and self._faults and not self._jumped:
                self.fault = f"the data are damaged after frame {self._next - 1} ({self._faults[0]})"
                return None
            if frame is None or frame.pts != self._ticks[self._next] or (self._jumped and frame.is_corrupt):
                raise UnexpectedFrames(f"frame {self._next} is not the one that the packets announce")
            self._next += 1
        if self._is_complete and self._next == len(self._ticks) and next(self._frames, None) is not None:
            raise UnexpectedFrames("there are more frames than the packets announce")
        return frame


def _close_after(reader: AvReader, container: av.container.InputContainer) -> None:
    """Close a file once nobody has its reader any more. Its parts refer to each other, so it would stay open.

    But not when the program ends: a thread that still reads then would crash.
    """
    finalize(reader, container.close).atexit = False


def _first_tick(container: av.container.InputContainer) -> int:
    """The time stamp of the first decoded frame."""
    first = next(decode_packets(read_packets(container), []), None)
    if first is None or first.pts is None:
        raise UnexpectedFrames("the first frame has no time")
    return first.pts


def _packets_from(container: av.container.InputContainer, start: int | None) -> Iterator[av.Packet]:
    """The packets of the video from the key frame at or before a time stamp, or from the first one."""
    if start is not None:
        try:
            container.seek(start, stream=video_stream(container))
        except av.FFmpegError:
            raise UnexpectedFrames("the file cannot be jumped in") from None
    return read_packets(container)
