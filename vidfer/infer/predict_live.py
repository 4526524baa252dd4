"""Predicts what a camera shows, about a second late, with the pictures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from vidfer.crops.decode.video import FrameChunk
from vidfer.crops.track.follow_stream import FaceStream
from vidfer.crops.track.key_frames import with_next_images
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


def predict_live(
    predictor: FilmPredictor, name: str, chunks: Iterator[FrameChunk]
) -> Iterator[tuple[np.ndarray, list[Moment]]]:
    """The moments of each frame and the frame itself, uint8 (H,W,3) RGB, while the camera runs.

    They are about a second late: a face is known when the frames after it are.

    Args:
        predictor: who predicts; its windows are replaced by :data:`LIVE_WINDOWS`.
        name: of the camera in the moments.
        chunks: of :meth:`vidfer.crops.decode.camera.Camera.chunks`.
    """
    crops = replace(predictor.crops, size_px=predictor.classifier.crop_px, max_gap_s=MAX_GAP_S, face="all")
    faces = FaceStream(crops, predictor.detector)
    expressions = ExpressionStream(name, predictor.classifier, crops, LIVE_WINDOWS, predictor.batch)
    images: list[np.ndarray] = []
    for chunk, next_images in with_next_images(chunks):
        followed = faces.feed(chunk, next_images)
        images += followed.images
        if len(followed):
            given = expressions.feed(followed)
            yield from zip(images, given)
            del images[: len(given)]
    followed = faces.end()
    images += followed.images
    given = expressions.feed(followed) if len(followed) else []
    yield from zip(images, [*given, *expressions.end()])
