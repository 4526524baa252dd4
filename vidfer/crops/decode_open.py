"""Chooses the reader of a file, and hands over to the careful one where the fast one fails."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import decord
import numpy as np

from vidfer.clips.media import is_image
from vidfer.crops.decode_av import AvReader, open_container
from vidfer.crops.decode_decord import DecordReader
from vidfer.crops.decode_fault import UnreadableVideo
from vidfer.crops.decode_images import ImageReader

DECORD_CONTAINERS = frozenset({"mov", "avi", "matroska", "flv", "asf"})
"""Containers whose index decord follows rightly. In MPEG program and transport streams it loses the frames before
the second key frame and repeats the last one instead, without a word."""

DECORD_LACKS = frozenset({"av1", "libdav1d", "libaom-av1", "gif", "apng", "vvc"})
"""Codecs that decord's FFmpeg does not have; asking it for them may hang."""


class Reader(Protocol):
    """What all readers have in common."""

    times_s: np.ndarray
    """float64 (n,), rising from 0: seconds from the first frame to each frame."""
    fps: float
    """Mean frame rate; 0 for a single image."""
    width: int
    height: int
    fault: str | None
    """Why the frames end before the file does, once that is known."""

    def read(self, positions: np.ndarray) -> np.ndarray:
        """Frames at rising positions (k,) as uint8 (k, H, W, 3) RGB; fewer than k where ``fault`` ends them."""


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
        formats = container.format.name
        codec = container.streams.video[0].codec_context
        codec_name = codec.name if codec else "unknown"
    if formats.endswith("_pipe"):  # an image under a video's name
        return ImageReader.of_image(path)
    if not DECORD_CONTAINERS.isdisjoint(formats.split(",")) and codec_name not in DECORD_LACKS:
        try:
            return FastReader(path)
        except (decord.DECORDError, RuntimeError):
            pass  # the careful reader finds out what can be read, or why not
    return AvReader(path)


class FastReader:
    """decord, until it fails; then PyAV, whose frames are the same bytes, up to the fault it finds."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.fault: str | None = None
        self._decord: DecordReader | None = DecordReader(path)
        self._careful: AvReader | None = None
        times_s = self._decord.times_s
        # A frame before time 0 is hidden by an edit list. decord counts such frames but never gives them, so all
        # its times are off and the last frame comes again and again.
        if times_s[0] < 0 or np.any(np.diff(times_s) <= 0):
            raise RuntimeError("decord counts frames that it does not give")
        self.times_s = times_s - times_s[0]
        self.fps, self.width, self.height = self._decord.fps, self._decord.width, self._decord.height

    def read(self, positions: np.ndarray) -> np.ndarray:
        if self._decord is not None:
            try:
                return self._decord.read(positions)
            except (decord.DECORDError, RuntimeError):
                self._decord = None
                self._careful = AvReader(self.path)
                self.fault = self._careful.fault
        images = self._careful.read(positions)
        if len(images) < len(positions) and self.fault is None:
            self.fault = f"the file promises {len(self.times_s)} frames and has {len(self._careful.times_s)}"
        return images
