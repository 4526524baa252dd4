"""The fast reader: decord, asked for frames in the one way in which it gives the right ones."""

from __future__ import annotations

from pathlib import Path

# First, because decord brings an old zlib into the process, and an OpenCV loaded after it reads no PNG.
import cv2  # noqa: F401
import decord
import numpy as np

DecordError = (decord.DECORDError, RuntimeError)
"""What decord raises when it cannot open or read."""

DECODE_THREADS = 1
"""Threads of one decoder. Clips are spread over processes; more threads would only take more memory."""


READ_AHEAD_BYTES = 256 * 2**20
"""Decoded frames that decord may hold at once. It reads ahead without a bound when its thread gets no turn,
at worst the whole video; so a video with more pixels than this is not given to it."""


class DecordReader:
    """Frames by position, forwards only.

    Raises one of :data:`DecordError` where decord fails, or where the video is too long for it.

    Frames that are left out are read and dropped, because decord cannot be trusted to jump: in HEVC, MPEG-4
    part 2 and WMV it lands up to 35 frames off, in H.264 with open groups of pictures one frame off, and says
    nothing.
    """

    def __init__(self, path: Path, *, frame_bytes: int) -> None:
        decord.logging.set_level(decord.logging.QUIET)
        self._video = decord.VideoReader(str(path.absolute()), num_threads=DECODE_THREADS)
        if len(self._video) * frame_bytes > READ_AHEAD_BYTES:
            raise RuntimeError("decord may hold too many frames of this video")
        self.fps = float(self._video.get_avg_fps())
        self.times_s = self._video.get_frame_timestamp(range(len(self._video)))[:, 0].astype(np.float64)
        # Kept, because asking for it again would be a jump.
        self._first = self._video[0].asnumpy()
        self.height, self.width = self._first.shape[:2]
        self._next = 1

    def read(self, positions: np.ndarray) -> np.ndarray:
        """Frames at rising positions (k,), all after those of the last call: uint8 (k, H, W, 3) RGB."""
        kept = [self._first[None]] if positions[0] == 0 else []
        while self._next <= positions[-1]:
            # No more at once than was asked for, so that the caller bounds the memory.
            block = np.arange(self._next, min(self._next + len(positions), positions[-1] + 1))
            images = self._video.get_batch(block.tolist()).asnumpy()
            self._next = int(block[-1]) + 1
            wanted = np.isin(block, positions)
            kept.append(images if wanted.all() else images[wanted])
        return kept[0] if len(kept) == 1 else np.concatenate(kept)
