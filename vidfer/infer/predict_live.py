"""Predicts what a camera shows, about a second late, with the pictures."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from vidfer.crops.decode.video import FrameChunk
from vidfer.crops.track.follow_stream import FaceStream, FollowedFrames
from vidfer.errors import DataError
from vidfer.infer.expression_stream import ExpressionStream
from vidfer.infer.moment import Moment
from vidfer.infer.pictures import check_picture
from vidfer.infer.predict_film import FilmPredictor
from vidfer.infer.settings import WindowSettings

CHUNK_FRAMES = 5
"""Frames that are looked at together: few, so that they do not wait for each other long."""
CHUNK_S = 0.2
"""Fewer, where they come slowly: those of so many seconds, but at least two."""
MAX_GAP_S = 0.1
"""Longest gap of a face that is filled. What is shown waits for the end of a gap."""
LIVE_WINDOWS = WindowSettings(window_s=0.6, step_s=0.2, frames=3, average_s=0.2)
"""Shorter windows than for films, for the same reason."""

Shown = list[tuple[np.ndarray, list[Moment]]]
"""Frames, uint8 (H,W,3) RGB, each with its moments."""


class LiveStream:
    """What a camera shows: :meth:`feed` takes its frames and gives those that are known by then.

    They are about a second late: a face is known when the frames after it are. Memory does not grow.
    """

    def __init__(self, predictor: FilmPredictor, name: str, windows: WindowSettings = LIVE_WINDOWS) -> None:
        """
        Args:
            predictor: who predicts. It sees everybody, or pictures that were cut to the face.
            name: of the camera in the moments.
            windows: take the place of those of the predictor.
        """
        face = "picture" if predictor.crops.face == "picture" else "all"
        size_px = predictor.classifier.crop_px
        crops = replace(predictor.crops, size_px=size_px, max_gap_s=MAX_GAP_S, face=face)
        self._faces = FaceStream(crops, predictor.detector)
        self._expressions = ExpressionStream(name, predictor.classifier, crops, windows, predictor.batch)
        self._images: list[np.ndarray] = []
        self._waiting: FrameChunk | None = None

    def feed(self, chunk: FrameChunk) -> Shown:
        """Take the next frames; those before them are looked at now."""
        before, self._waiting = self._waiting, chunk
        return [] if before is None else self._show(self._faces.feed(before, chunk.images))

    def end(self) -> Shown:
        """What is left when the camera has stopped."""
        shown = []
        if self._waiting is not None:
            shown = self._show(self._faces.feed(self._waiting, self._waiting.images[:0]))
        shown += self._show(self._faces.end())
        return [*shown, *zip(self._images, self._expressions.end())]

    def _show(self, followed: FollowedFrames) -> Shown:
        self._images += followed.images
        given = self._expressions.feed(followed) if len(followed) else []
        shown = [*zip(self._images, given)]
        del self._images[: len(given)]
        return shown


def predict_live(
    predictor: FilmPredictor, name: str, chunks: Iterator[FrameChunk], windows: WindowSettings = LIVE_WINDOWS
) -> Iterator[tuple[np.ndarray, list[Moment]]]:
    """Each frame, uint8 (H,W,3) RGB, with its moments, while the camera runs.

    Args:
        predictor: who predicts, see :class:`LiveStream`; so for ``windows``.
        name: of the camera in the moments.
        chunks: of :meth:`vidfer.crops.decode.camera.Camera.chunks`, or of :func:`chunks_of`.
        windows: which pieces the network sees.
    """
    stream = LiveStream(predictor, name, windows)
    for chunk in chunks:
        yield from stream.feed(chunk)
    yield from stream.end()


def chunks_of(frames: Iterable[tuple[float, np.ndarray]]) -> Iterator[FrameChunk]:
    """Copies of frames in small chunks, as soon as each is full.

    Args:
        frames: time in seconds, rising, and picture, uint8 (H, W, 3) RGB, all of one size.

    Raises:
        DataError: a frame is something else.
    """
    times_s: list[float] = []
    images, last_s = None, -math.inf
    for number, frame in enumerate(frames, 1):
        time_s, image = _checked(frame, number)
        if images is not None and image.shape != images.shape[1:]:
            raise DataError(
                f"frame {number} has the shape {image.shape}, and those before it have {images.shape[1:]}; "
                "begin a new stream where the size changes"
            )
        if not time_s > last_s:
            raise DataError(
                f"frame {number} is at {time_s:g} s, and the one before it at {last_s:g} s; give rising times"
            )
        if images is None or not times_s:
            images = np.empty((CHUNK_FRAMES, *image.shape), np.uint8)
        images[len(times_s)] = image
        times_s.append(time_s)
        last_s = time_s
        if len(times_s) == CHUNK_FRAMES or (len(times_s) > 1 and last_s - times_s[0] >= CHUNK_S):
            yield FrameChunk(images[: len(times_s)], np.array(times_s))
            times_s = []
    if images is not None and times_s:
        yield FrameChunk(images[: len(times_s)], np.array(times_s))


def _checked(frame: tuple[float, np.ndarray], number: int) -> tuple[float, np.ndarray]:
    """Time and picture of a frame."""
    try:
        time_s, image = frame
        time_s = float(time_s)
    except (TypeError, ValueError) as error:
        raise DataError(
            f"frame {number} is no pair of a time in seconds and a picture, such as (0.04, image)"
        ) from error
    check_picture(image, f"frame {number}")
    return time_s, image
