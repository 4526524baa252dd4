"""The fast reader: decord, consecutive frames of one batch at a time."""

from __future__ import annotations

from pathlib import Path

import decord
import numpy as np

DECODE_THREADS = 1
"""Threads of one decoder. Clips are spread over processes, so a decoder needs no more, and memory stays small."""


class DecordReader:
    """Frames by position. Raises ``decord.DECORDError`` or ``RuntimeError`` wherever decord does."""

    def __init__(self, path: Path) -> None:
        decord.logging.set_level(decord.logging.QUIET)
        self._video = decord.VideoReader(str(path.absolute()), num_threads=DECODE_THREADS)
        count = len(self._video)
        self.fps = float(self._video.get_avg_fps())
        self.times_s = self._video.get_frame_timestamp(range(count))[:, 0].astype(np.float64)
        self.height, self.width = self._video[0].shape[:2]
        self._video.seek(0)

    def read(self, positions: np.ndarray) -> np.ndarray:
        return self._video.get_batch(positions.tolist()).asnumpy()
