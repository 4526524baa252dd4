"""The careful reader: PyAV, one frame after the other, for what decord cannot read or reads wrongly."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import av
import numpy as np

from vidfer.crops.decode_fault import UnreadableVideo

FALLBACK_FPS = 25.0
"""Only for files without any usable time stamp."""
KEPT_BYTES = 64 * 2**20
"""A video whose decoded frames, not yet converted to RGB, take no more than this is decoded only once."""


def open_container(path: Path) -> av.container.InputContainer:
    """Open a file with FFmpeg's libraries; only local files, whatever a playlist inside asks for.

    Raises:
        UnreadableVideo: no container format known to FFmpeg, or no video in it.
    """
    try:
        # The absolute path, because FFmpeg takes what stands before a colon for a protocol.
        container = av.open(str(path.absolute()), options={"protocol_whitelist": "file"})
    except (av.FFmpegError, OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UnreadableVideo(path, f"not a video, or its header is lost ({reason})") from error
    if not container.streams.video:
        sound = ", only sound" if container.streams.audio else ""
        container.close()
        raise UnreadableVideo(path, f"no video stream in the file{sound}")
    return container


class AvReader:
    """Reads forwards only, and knows each frame from having decoded it once.

    The first pass decodes without converting and notes the time of each frame up to the first fault, so every
    time belongs to a frame that really comes. The price is a second decoding, paid only by longer files that
    decord cannot be trusted with.
    """

    def __init__(self, path: Path) -> None:
        times: list[float] = []
        faults: list[str] = []
        kept: deque[av.VideoFrame] = deque()
        kept_bytes = 0
        for frame in decode_frames(path, faults):
            if not times:
                turned = frame.rotation % 180 != 0
                self.width = frame.height if turned else frame.width
                self.height = frame.width if turned else frame.height
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
        with open_container(path) as container:
            rate = container.streams.video[0].average_rate
        self.fps = float(rate) if rate else FALLBACK_FPS
        self.times_s = np.array(times) - times[0]
        if not np.all(np.diff(self.times_s) > 0):
            self.times_s = np.arange(len(times)) / self.fps
        self._frames = _given_away(kept) if len(kept) == len(times) else decode_frames(path, [])
        self._next = 0

    def read(self, positions: np.ndarray) -> np.ndarray:
        """Frames at rising positions (k,), all after those of the last call: uint8 (k, H, W, 3) RGB."""
        images = []
        for position in positions[positions < len(self.times_s)]:
            for frame in islice(self._frames, position - self._next, None):
                images.append(_upright_rgb(frame, self.width, self.height))
                self._next = position + 1
                break
        return np.stack(images) if images else np.empty((0, self.height, self.width, 3), np.uint8)


def decode_frames(path: Path, faults: list[str]) -> Iterator[av.VideoFrame]:
    """Decoded frames up to the first fault, which is put into ``faults``.

    Damage before the first whole frame is passed over, as by players that join a stream. Frames with a smear,
    which the decoder could patch, are given, as decord and players give them.
    """
    lost_start: list[str] = []
    started = False
    with open_container(path) as container:
        stream = container.streams.video[0]
        # One thread: which frames a fault takes with it must not depend on timing.
        stream.codec_context.thread_count = 1
        packets = container.demux(stream)
        while True:
            try:
                frames = next(packets).decode()
            except (StopIteration, av.EOFError):
                if not started:
                    faults.extend(lost_start[:1])
                return
            except av.FFmpegError as error:
                if started:
                    faults.append(error.strerror)
                    return
                lost_start.append(error.strerror)
                continue
            for frame in frames:
                started = started or not frame.is_corrupt
                if started:
                    yield frame


def _given_away(frames: deque[av.VideoFrame]) -> Iterator[av.VideoFrame]:
    """The frames in order, each freed when it is no longer used."""
    while frames:
        yield frames.popleft()


def _upright_rgb(frame: av.VideoFrame, width: int, height: int) -> np.ndarray:
    """A decoded frame as uint8 (H, W, 3) RGB, turned as its display matrix asks.

    If a stream changes its size on the way, the frame is scaled to the size of the first one.
    """
    turned = frame.rotation % 180 != 0
    image = frame.to_ndarray(
        format="rgb24", width=height if turned else width, height=width if turned else height
    )
    return np.rot90(image, frame.rotation // 90)
