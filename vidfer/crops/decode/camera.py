"""Frames of a camera, as they come."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from vidfer.crops.decode.video import FrameChunk
from vidfer.errors import DataError

WAITING_FRAMES = 30
"""So many frames of a camera wait at most; where the work is slower, older ones are dropped."""


class Camera:
    """A camera, or a video file that plays its part. Use it in a ``with`` block.

    Args:
        device: the number of a camera, such as 0, or the path of a video file.

    Raises:
        DataError: there is no such camera or file, or it gives no frame.
    """

    def __init__(self, device: str) -> None:
        self.device, self.is_live = device, device.isdecimal()
        if not self.is_live and not Path(device).is_file():
            raise DataError(
                f"--webcam {device}: give the number of a camera, such as 0, or the path of a video file"
            )
        logging = cv2.utils.logging
        level = logging.setLogLevel(logging.LOG_LEVEL_SILENT)  # what OpenCV says is for its developers
        self._capture = cv2.VideoCapture(int(device) if self.is_live else device)
        logging.setLogLevel(level)
        if not self._capture.isOpened():
            why = "is it connected, and used by no other program?" if self.is_live else "is it a video?"
            raise DataError(f"--webcam {device} cannot be opened: {why}")
        self.fps = self._capture.get(cv2.CAP_PROP_FPS) or 25.0
        self.n_dropped = 0
        self._stopped = threading.Event()
        self._watching: threading.Thread | None = None

    def __enter__(self) -> Camera:
        return self

    def __exit__(self, *_) -> None:
        self._stopped.set()
        if self._watching is not None:
            self._watching.join()  # it may be reading a frame
        self._capture.release()

    def chunks(self, frames: int) -> Iterator[FrameChunk]:
        """Frames in chunks of so many, until the camera stops or the film ends.

        Times count from the first frame: by the clock for a camera, by the frame rate for a film.

        Raises:
            DataError: there is no frame at all.
        """
        waiting: list[tuple[np.ndarray, float]] = []
        n = 0
        for image, time_s in self._frames():
            n += 1
            waiting.append((image, time_s))
            if len(waiting) == frames:
                yield _chunk(waiting)
                waiting = []
        if not n:
            raise DataError(f"--webcam {self.device} gives no frame; try another camera or file")
        if waiting:
            yield _chunk(waiting)

    def _frames(self) -> Iterator[tuple[np.ndarray, float]]:
        if not self.is_live:
            n = 0
            while (image := self._read()) is not None:
                yield image, n / self.fps
                n += 1
            return
        newest: queue.Queue = queue.Queue(WAITING_FRAMES)
        self._watching = threading.Thread(target=self._watch, args=(newest,), daemon=True)
        self._watching.start()
        while (found := newest.get()) is not None:
            yield found

    def _watch(self, newest: queue.Queue) -> None:
        """Put frames into the queue as they come; drop the oldest where it is full."""
        start_s = None
        while not self._stopped.is_set() and (image := self._read()) is not None:
            now_s = time.monotonic()
            start_s = now_s if start_s is None else start_s
            if newest.full():
                newest.get_nowait()
                self.n_dropped += 1
            newest.put((image, now_s - start_s))
        if newest.full():  # nobody may be there any more to take one
            newest.get_nowait()
        newest.put(None)

    def _read(self) -> np.ndarray | None:
        """The next frame, uint8 (H,W,3) RGB; None at the end."""
        there, image = self._capture.read()
        return cv2.cvtColor(image, cv2.COLOR_BGR2RGB) if there else None


def _chunk(frames: list[tuple[np.ndarray, float]]) -> FrameChunk:
    images, times_s = zip(*frames)
    return FrameChunk(np.stack(images), np.array(times_s), "opencv")
