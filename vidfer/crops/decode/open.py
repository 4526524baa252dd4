"""Chooses the readers of a file, from the first to ask to the most careful one.

PyAV reads first. decord, which the project was asked to use, stands behind the same function
(``reader="decord"``) and gives the same frames; ``docs/crops.md`` compares the two. What decord 0.6 does with
files was found with numbered frames (``tests/crops/test_decode_video.py``). From the first frame on it reads
H.264, HEVC, VP8, VP9, MPEG-4 and others rightly in MP4, MKV, FLV and WMV, with the times of a variable frame
rate. AVI gives it no times. In MPEG program and transport streams it loses the frames before the second key
frame, and where an edit list hides frames at the start it loses the last ones; it repeats a frame instead and
says nothing. It has no AV1 and no GIF. On damaged data it raises. Its memory is bounded by nothing but the
length of the video.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import av
import numpy as np

from vidfer.clips.media import is_image
from vidfer.crops.decode.av_reader import AvReader
from vidfer.crops.decode.careful_reader import CarefulReader
from vidfer.crops.decode.fault import UnreadableVideo
from vidfer.crops.decode.images import ImageReader
from vidfer.crops.decode.packet_table import WrongPlan
from vidfer.crops.decode.packets import open_container, video_stream

SEEK_S = 4.0
"""A part that starts later than this is jumped to; what lies before is otherwise soon decoded."""

SEEK_CONTAINERS = frozenset({"mov", "matroska"})
"""Only these store when each frame is shown. Elsewhere that is reckoned from the packets before, which a jump
leaves out, or may start anew in the middle of the file."""

DECORD_CONTAINERS = frozenset({"mov", "matroska", "flv", "asf"})
DECORD_LACKS = frozenset({"av1", "libdav1d", "gif", "apng"})


class Reader(Protocol):
    """What all readers have in common; they read forwards only."""

    times_s: np.ndarray
    """float64 (n,), rising from 0: seconds from the first frame to each frame."""
    fps: float
    """Mean frame rate; 0 for a single image."""
    width: int
    height: int
    fault: str | None
    """Why the frames end before the file does, once that is known."""

    def read(self, positions: np.ndarray) -> np.ndarray:
        """Frames at rising positions (k,): uint8 (k, H, W, 3) RGB; fewer than k where ``fault`` ends them.

        Raises:
            WrongPlan: the times were wrong from here on; the next reader has to take over.
        """


def open_readers(
    path: Path, *, start_s: float | None = None, end_s: float | None = None, reader: str = "pyav"
) -> Iterator[Reader]:
    """The readers for a video file, an image file or a folder of frames; each next one trusts the file less.

    Args:
        start_s: frames before this time may be left out.
        end_s: frames at and after this time may be left out.
        reader: ``pyav``, or ``decord`` to ask decord first where it is right.

    Raises:
        UnreadableVideo: nothing there that can be read; the reason says what was found instead.
    """
    if path.is_dir():
        yield ImageReader.of_folder(path)
        return
    if not path.is_file():
        raise UnreadableVideo(path, "no such file")
    if path.stat().st_size == 0:
        raise UnreadableVideo(path, "the file is empty (0 bytes)")
    if is_image(path):
        yield ImageReader.of_image(path)
        return
    container = open_container(path)
    if container.format.name.endswith("_pipe"):  # an image under a video's name
        yield ImageReader.of_image(path)
        return
    formats = set(container.format.name.split(","))
    unread = [container]

    def opened_container() -> av.container.InputContainer:
        return unread.pop() if unread else open_container(path)

    makers: list[Callable[[], Reader]] = []
    if reader == "decord" and formats & DECORD_CONTAINERS and _codec(container) not in DECORD_LACKS:
        # Only here, because most runs do without, and two libraries of video in a process are one too many.
        from vidfer.crops.decode.decord_reader import DecordReader

        makers.append(lambda: DecordReader(path, opened_container()))
    if start_s is not None and start_s > SEEK_S and formats & SEEK_CONTAINERS:
        makers.append(lambda: AvReader(path, opened_container(), start_s=start_s, end_s=end_s))
    makers += [lambda: AvReader(path, opened_container(), end_s=end_s), lambda: CarefulReader(path)]
    for make in makers:
        try:
            opened = make()
        except WrongPlan:
            continue
        yield opened


def _codec(container: av.container.InputContainer) -> str:
    return video_stream(container).codec_context.name
