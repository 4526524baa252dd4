"""The second reader: decord, asked for frames in the one way in which it gives the right ones."""

from __future__ import annotations

from pathlib import Path

# First, because decord brings an old zlib into the process, and an OpenCV loaded after it reads no PNG.
import cv2  # noqa: F401
import decord
import numpy as np

from vidfer.crops.decode_memory import new_frames
from vidfer.crops.decode_plan import WrongPlan

DecordError = (decord.DECORDError, RuntimeError)
"""What decord raises when it cannot open or read."""

DECODE_THREADS = 1
"""Threads of one decoder. Clips are spread over processes; more threads would only take more memory."""

READ_AHEAD_BYTES = 256 * 2**20
"""Decoded frames that decord may hold at once. It reads ahead without a bound when its thread gets no turn,
at worst the whole video; so a video with more pixels than this is not given to it."""


class DecordReader:
    """Frames by position, forwards only.

    Frames that are left out are read and dropped, because decord cannot be trusted to jump: in HEVC, MPEG-4
    part 2 and WMV it lands up to 35 frames off, in H.264 with open groups of pictures one frame off, and says
    nothing.

    Raises:
        WrongPlan: here or from :meth:`read`, where decord fails, or the video is too long for it.
    """

    def __init__(self, path: Path) -> None:
        decord.logging.set_level(decord.logging.QUIET)
        self.fault: str | None = None
        try:
            self._video = decord.VideoReader(str(path.absolute()), num_threads=DECODE_THREADS)
            self.fps = float(self._video.get_avg_fps())
            times_s = self._video.get_frame_timestamp(range(len(self._video)))[:, 0].astype(np.float64)
            self._first = self._video.next().asnumpy()
        except (*DecordError, StopIteration) as error:
            raise WrongPlan from error
        if len(times_s) * self._first.nbytes > READ_AHEAD_BYTES:
            raise WrongPlan
        # A frame before time 0 is hidden by an edit list: decord counts it but does not give it.
        if times_s[0] < 0 or np.any(np.diff(times_s) <= 0):
            raise WrongPlan
        self.times_s = times_s - times_s[0]
        self.height, self.width = self._first.shape[:2]
        self._next = 0

    def read(self, positions: np.ndarray) -> np.ndarray:
        """Frames at rising positions (k,), all after those of the last call: uint8 (k, H, W, 3) RGB."""
        images = new_frames((len(positions), self.height, self.width, 3))
        try:
            for i, position in enumerate(positions):
                # One after the other: a batch would be put together from copies.
                while self._next < position:
                    self._forward()
                images[i] = self._forward()
        except (*DecordError, StopIteration) as error:
            raise WrongPlan from error
        return images

    def _forward(self) -> np.ndarray:
        image = self._video.next().asnumpy() if self._next else self._first
        self._next += 1
        return image
