"""The second reader: decord, asked for frames in the one way in which it gives the right ones."""

from __future__ import annotations

from pathlib import Path

import av

# Before decord, which brings an old zlib into the process: an OpenCV loaded after it reads no PNG.
import cv2  # noqa: F401
import decord
import numpy as np

from vidfer.crops.decode.memory import new_frames
from vidfer.crops.decode.packet_table import WrongPlan, plan_frames
from vidfer.crops.decode.packets import read_packets, video_stream

DecordError = (decord.DECORDError, RuntimeError)
"""What decord raises when it cannot open or read."""

DECODE_THREADS = 1
"""Threads of one decoder. Clips are spread over processes; more threads would only take more memory."""

READ_AHEAD_BYTES = 256 * 2**20
"""Decoded frames that decord may hold at once. It reads ahead without a bound when its thread gets no turn,
at worst the whole video; so a video with more pixels than this is not given to it."""

SAME_TIME_S = 2e-3
"""Frames are the same if decord and the packets state times as near as this."""


class DecordReader:
    """Frames by position, forwards only.

    Frames that are left out are read and dropped, because decord cannot be trusted to jump: in HEVC, MPEG-4
    part 2 and WMV it lands up to 35 frames off, in H.264 with open groups of pictures one frame off, and says
    nothing.

    Args:
        container: the file, opened by PyAV and not yet read from; its packets tell the times.

    Raises:
        WrongPlan: here or from :meth:`read`, where decord fails, or the video is too long for it.
    """

    def __init__(self, path: Path, container: av.container.InputContainer) -> None:
        decord.logging.set_level(decord.logging.QUIET)
        self.fault: str | None = None
        try:
            self._video = decord.VideoReader(str(path.absolute()), num_threads=DECODE_THREADS)
            self.fps = float(self._video.get_avg_fps())
            rough_s = self._video.get_frame_timestamp(range(len(self._video)))[:, 0]
            self._first = self._video.next().asnumpy()
        except (*DecordError, StopIteration) as error:
            raise WrongPlan from error
        if len(rough_s) * self._first.nbytes > READ_AHEAD_BYTES:
            raise WrongPlan
        # decord's own times have 7 digits; they only tell whether it counts the same frames. It also counts
        # those that an edit list hides, and does not give them.
        ticks = plan_frames(read_packets(container)).ticks
        self.times_s = (ticks - ticks[0]) * float(video_stream(container).time_base)
        if len(rough_s) != len(ticks) or np.abs(rough_s - rough_s[0] - self.times_s).max() > SAME_TIME_S:
            raise WrongPlan
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
