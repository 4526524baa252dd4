"""Predicts what a camera shows, about a second late, with the pictures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from vidfer.crops.decode.video import FrameChunk
from vidfer.crops.track.follow_stream import FaceStream, FollowedFrames
from vidfer.infer.expression_stream import ExpressionStream
from vidfer.infer.moment import Moment
from vidfer.infer.predict_film import FilmPredictor
from vidfer.infer.settings import WindowSettings

CHUNK_FRAMES = 5
"""Frames that are looked at together: few, so that they do not wait for each other long."""
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

    def __init__(self, predictor: FilmPredictor, name: str) -> None:
        """
        Args:
            predictor: who predicts; its windows are replaced by :data:`LIVE_WINDOWS`.
            name: of the camera in the moments.
        """
        size_px = predictor.classifier.crop_px
        crops = replace(predictor.crops, size_px=size_px, max_gap_s=MAX_GAP_S, face="all")
        self._faces = FaceStream(crops, predictor.detector)
        self._expressions = ExpressionStream(name, predictor.classifier, crops, LIVE_WINDOWS, predictor.batch)
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
    predictor: FilmPredictor, name: str, chunks: Iterator[FrameChunk]
) -> Iterator[tuple[np.ndarray, list[Moment]]]:
    """The moments of each frame and the frame itself, uint8 (H,W,3) RGB, while the camera runs.

    Args:
        predictor: who predicts, see :class:`LiveStream`.
        name: of the camera in the moments.
        chunks: of :meth:`vidfer.crops.decode.camera.Camera.chunks`.
    """
    stream = LiveStream(predictor, name)
    for chunk in chunks:
        yield from stream.feed(chunk)
    yield from stream.end()
