"""The fast reader: decord, and the ways in which it may be asked for frames."""

from __future__ import annotations

from pathlib import Path

import decord
import numpy as np

DECODE_THREADS = 1
"""Threads of one decoder. Clips are spread over processes; more threads would only take more memory."""

BLOCK_FRAMES = 16
"""Frames read at once where unwanted ones must be read and dropped."""


class DecordReader:
    """Frames by position, forwards only. Raises ``decord.DECORDError`` or ``RuntimeError`` as decord does.

    Args:
        jumps: whether decord lands on the right frame when frames are left out. It does in H.264, VP8, VP9;
            in HEVC, MPEG-4 part 2 and WMV it lands up to 35 frames off without a word, and all frames on the
            way must be read.
    """

    def __init__(self, path: Path, *, jumps: bool) -> None:
        decord.logging.set_level(decord.logging.QUIET)
        self._video = decord.VideoReader(str(path.absolute()), num_threads=DECODE_THREADS)
        self.fps = float(self._video.get_avg_fps())
        self.times_s = self._video.get_frame_timestamp(range(len(self._video)))[:, 0].astype(np.float64)
        # Kept, because asking for it again would be a jump.
        self._first = self._video[0].asnumpy()
        self.height, self.width = self._first.shape[:2]
        self._jumps = jumps
        self._next = 1

    def read(self, positions: np.ndarray) -> np.ndarray:
        """Frames at rising positions (k,), all after those of the last call: uint8 (k, H, W, 3) RGB."""
        blocks = []
        if positions[0] == 0:
            blocks.append(self._first[None])
            positions = positions[1:]
        if self._jumps and len(positions):
            blocks.append(self._batch(positions))
        elif len(positions):
            while self._next <= positions[-1]:
                block = np.arange(self._next, min(self._next + BLOCK_FRAMES, positions[-1] + 1))
                images = self._batch(block)
                wanted = np.isin(block, positions)
                blocks.append(images if wanted.all() else images[wanted])
        return blocks[0] if len(blocks) == 1 else np.concatenate(blocks)

    def _batch(self, positions: np.ndarray) -> np.ndarray:
        self._next = int(positions[-1]) + 1
        return self._video.get_batch(positions.tolist()).asnumpy()
