"""Chooses the reader of a file, and hands over to the careful one where the fast one fails.

What decord 0.6 does with files was found with numbered frames (``tests/crops/test_decode_video.py``).
From the first frame on it reads H.264, HEVC, VP8, VP9, MPEG-4 and others rightly in MP4, MKV, AVI, FLV and
WMV, with the times of a variable frame rate. In MPEG program and transport streams it loses the frames before
the second key frame, and where an edit list hides frames at the start it loses the last ones; it repeats a
frame instead and says nothing. It has no AV1 and no GIF. On damaged data it raises. Its memory is bounded by
nothing but the length of the video.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np

from vidfer.clips.media import is_image
from vidfer.crops.decode_av import AvReader, open_container
from vidfer.crops.decode_decord import DecordError, DecordReader
from vidfer.crops.decode_fault import UnreadableVideo
from vidfer.crops.decode_images import ImageReader

DECORD_CONTAINERS = frozenset({"mov", "avi", "matroska", "flv", "asf"})
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
        """Frames at rising positions (k,): uint8 (k, H, W, 3) RGB; fewer than k where ``fault`` ends them."""


def open_reader(path: Path) -> Reader:
    """The reader for a video file, an image file or a folder of frames.

    Raises:
        UnreadableVideo: nothing there that can be read; the reason says what was found instead.
    """
    if path.is_dir():
        return ImageReader.of_folder(path)
    if not path.is_file():
        raise UnreadableVideo(path, "no such file")
    if path.stat().st_size == 0:
        raise UnreadableVideo(path, "the file is empty (0 bytes)")
    if is_image(path):
        return ImageReader.of_image(path)
    with open_container(path) as container:
        formats = container.format.name.split(",")
        context = container.streams.video[0].codec_context
    if formats[0].endswith("_pipe"):  # an image under a video's name
        return ImageReader.of_image(path)
    if context is None:
        raise UnreadableVideo(path, "its codec is unknown here; convert it to H.264")
    if not DECORD_CONTAINERS.isdisjoint(formats) and context.name not in DECORD_LACKS:
        try:
            return FastReader(path, frame_bytes=context.width * context.height * 3)
        except DecordError:
            pass  # the careful reader finds out what can be read, or why nothing can
    return AvReader(path)


class FastReader:
    """decord, until it fails; then PyAV, whose frames are the same bytes, up to the fault it finds."""

    def __init__(self, path: Path, *, frame_bytes: int) -> None:
        self.path = path
        self.fault: str | None = None
        self._decord: DecordReader | None = DecordReader(path, frame_bytes=frame_bytes)
        self._careful: AvReader | None = None
        times_s = self._decord.times_s
        # A frame before time 0 is hidden by an edit list: decord counts it but does not give it.
        if times_s[0] < 0 or np.any(np.diff(times_s) <= 0):
            raise RuntimeError("decord counts frames that it does not give")
        self.times_s = times_s - times_s[0]
        self.fps, self.width, self.height = self._decord.fps, self._decord.width, self._decord.height

    def read(self, positions: np.ndarray) -> np.ndarray:
        if self._decord is not None:
            try:
                return self._decord.read(positions)
            except DecordError:
                self._decord = None
                self._careful = AvReader(self.path)
                self.fault = self._careful.fault
        images = self._careful.read(positions)
        if len(images) < len(positions) and self.fault is None:
            count = len(self._careful.times_s)
            self.fault = f"the file promises {len(self.times_s)} frames and has {count}"
        return images
