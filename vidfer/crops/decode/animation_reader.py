"""Reads image files that hold several frames: animated WebP and PNG, and TIFF with several pages."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from vidfer.crops.decode.animation_times import PAGES_PER_S, animation_times, is_cut_off, tiff_pages
from vidfer.crops.decode.frame_memory import new_frames
from vidfer.crops.decode.unreadable_video import UnreadableVideo

AT_ONCE = 32
"""Highest number of frames that are decoded together."""


class AnimationReader:
    """Gives the frames of an image file, with the same methods as the readers of videos.

    All frames get the size of the first one. At most 32 decoded frames are held in memory.
    """

    library = "opencv"
    is_proved_at_end = False

    def __init__(self, path: Path, content: bytes, times_s: np.ndarray, pages: list[int]) -> None:
        """
        Args:
            path: the file.
            content: its bytes.
            times_s: (n,) seconds from the first frame to each frame.
            pages: the page of a TIFF that each frame is; empty for an animation.
        """
        self.times_s = times_s
        self.fault = "the file is cut off: its end is lost" if is_cut_off(content) else None
        self.fps = float((len(times_s) - 1) / times_s[-1])
        self._content, self._pages = np.frombuffer(content, np.uint8), pages
        first = self._decode(0, 1)
        if not first:
            raise UnreadableVideo(path, "its first frame cannot be decoded")
        self.height, self.width = first[0].shape[:2]

    @classmethod
    def of_file(cls, path: Path) -> AnimationReader | None:
        """The reader of a file that holds several frames; None for other files."""
        try:
            content = path.read_bytes()
        except OSError as error:
            raise UnreadableVideo(path, f"the image cannot be read ({error})") from error
        times_s, pages = animation_times(content), tiff_pages(content)
        if len(pages) > 1:
            times_s = np.arange(len(pages)) / PAGES_PER_S
        return None if times_s is None else cls(path, content, times_s, pages)

    def read(self, positions: np.ndarray) -> np.ndarray:
        """Frames at rising positions (k,): uint8 (k, H, W, 3) RGB; fewer where a frame cannot be decoded."""
        frames = new_frames((len(positions), self.height, self.width, 3))
        ahead: list[np.ndarray] = []
        begin = 0
        for i, position in enumerate(positions):
            if not begin <= position < begin + len(ahead):
                # A decoder begins at the first frame each time, so some frames are decoded together.
                begin, end = int(position), int(min(positions[-1] + 1, position + AT_ONCE))
                ahead = self._decode(begin, end)
            if not ahead:
                self.fault = f"frame {position} cannot be decoded"
                return frames[:i]
            image = ahead[position - begin]
            if image.shape != frames.shape[1:]:
                image = cv2.resize(image, (self.width, self.height), interpolation=cv2.INTER_AREA)
            frames[i] = image
        return frames

    def _decode(self, begin: int, end: int) -> list[np.ndarray]:
        """The frames from ``begin`` to before ``end``, RGB; fewer where the file is damaged."""
        try:
            if self._pages:
                first, last = self._pages[begin], self._pages[end - 1]
                _, images = cv2.imdecodemulti(self._content, cv2.IMREAD_COLOR, range=(first, last + 1))
                images = [images[p - first] for p in self._pages[begin:end] if p - first < len(images)]
            else:
                _, animation = cv2.imdecodeanimation(self._content, start=begin, count=end - begin)
                images = animation.frames
        except cv2.error:
            return []
        return [cv2.cvtColor(image[..., :3], cv2.COLOR_BGR2RGB) for image in images]
