"""The frames of a video beside the moments of a prediction, matched by their times."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import numpy as np

from vidfer.crops.decode.unreadable_video import UnreadableVideo
from vidfer.crops.decode.video import TIME_SLACK_S, read_chunks
from vidfer.prefetch import prefetch

AT_ONCE = 8
"""At most so many frames are decoded together."""
AHEAD = 4
"""So many frames are decoded while others are drawn."""
BEFORE_S = 0.5
"""Reading begins so long before the first frame that is wanted, in seconds."""

Told = TypeVar("Told")


class MatchedFrames:
    """Reads the frames of a video that a prediction has rows for.

    Args:
        path: the video, image or folder of frames.
        first_s: time of the first frame that is wanted, in seconds since the first frame of the file.
        last_s: time of the last one.
    """

    def __init__(self, path: Path, first_s: float, last_s: float) -> None:
        self.path, self.first_s, self.last_s = path, first_s, last_s
        self.fault = ""
        """Why the video ended before the prediction."""
        self.n_lost = 0
        """Frames of the prediction that the video does not have."""

    def read(self, wanted: Iterable[tuple[float, Told]]) -> Iterator[tuple[float, np.ndarray, Told]]:
        """Yield time, image (H, W, 3) and what is told of each wanted frame that the video has.

        Args:
            wanted: times in seconds, rising, and what is told of each.

        Raises:
            UnreadableVideo: no frame can be read.
        """
        rest = iter(wanted)
        ahead = next(rest, None)
        for time_s, image in prefetch(self._decoded(), AHEAD):
            while ahead is not None and ahead[0] < time_s - TIME_SLACK_S:
                self.n_lost += 1
                ahead = next(rest, None)
            if ahead is None:
                return
            if ahead[0] <= time_s + TIME_SLACK_S:
                yield time_s, image, ahead[1]
                ahead = next(rest, None)
        self.n_lost += (ahead is not None) + sum(1 for _ in rest)

    def _decoded(self) -> Iterator[tuple[float, np.ndarray]]:
        start_s = self.first_s - BEFORE_S
        try:
            for chunk in read_chunks(
                self.path,
                start_s=start_s if start_s > 0 else None,
                end_s=self.last_s + 2 * TIME_SLACK_S,
                chunk_frames=AT_ONCE,
            ):
                yield from zip(chunk.times_s.tolist(), chunk.images)
        except UnreadableVideo as error:
            if not error.frames_read:
                raise
            self.fault = error.reason
