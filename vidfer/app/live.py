"""What a visitor's camera shows, while it runs. Nothing of it is written anywhere."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from vidfer.crops.decode.video import FrameChunk
from vidfer.infer.moment import Moment
from vidfer.infer.predict_live import LiveStream
from vidfer.infer.predictor import Predictor
from vidfer.report.expression_colours import colours_of
from vidfer.report.figure_style import data_address
from vidfer.report.film.marks import draw_marks

TOGETHER = 2
"""So many frames are looked at together; over a network they come slowly."""
LONGEST_GAP_S = 3.0
"""After a longer pause the camera begins anew."""
MOST_PX = 640
"""Larger frames are made smaller, along their longest side."""
JPEG_QUALITY = 80


@dataclass(frozen=True)
class LivePicture:
    """A frame with what is predicted, about a second old."""

    address: str
    """``data:`` address of the picture."""
    moments: tuple[Moment, ...]
    """The people in it."""


@dataclass
class LiveView:
    """The camera of one visitor. One thread at a time may call it."""

    predictor: Predictor
    picture: LivePicture | None = None
    """The latest one."""
    _stream: LiveStream | None = None
    _waiting: list[tuple[np.ndarray, float]] = field(default_factory=list)
    _last_s: float = 0.0
    _first_s: float = 0.0
    _shape: tuple[int, ...] = ()

    def look(self, image: np.ndarray, now_s: float) -> LivePicture | None:
        """Take the next frame; the latest picture, or None before there is one.

        Args:
            image: uint8 (H, W, 3) RGB.
            now_s: time at which it came, in seconds; never less than before.
        """
        image = _small(image)
        if self._stream is None or now_s - self._last_s > LONGEST_GAP_S or image.shape != self._shape:
            self._stream = LiveStream(self.predictor.film_predictor, "camera")
            self._waiting, self._first_s, self._shape, self.picture = [], now_s, image.shape, None
        elif now_s - self._last_s < 1e-3:  # two frames of one time
            return self.picture
        self._last_s = now_s
        self._waiting.append((image, now_s - self._first_s))
        if len(self._waiting) >= TOGETHER:
            images, times_s = zip(*self._waiting)
            self._waiting = []
            shown = self._stream.feed(FrameChunk(np.stack(images), np.array(times_s)))
            if shown:
                self.picture = self._draw(*shown[-1])
        return self.picture

    def _draw(self, image: np.ndarray, moments: list[Moment]) -> LivePicture:
        people = [moment for moment in moments if moment.has_face]
        drawn = image.copy()
        size_px = max(12, min(image.shape[:2]) // 24)
        draw_marks(drawn, people, colours_of(self.predictor.classes), size_px)
        quality = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
        coded = cv2.imencode(".jpg", cv2.cvtColor(drawn, cv2.COLOR_RGB2BGR), quality)[1]
        return LivePicture(data_address(coded.tobytes(), "image/jpeg"), tuple(people))


def _small(image: np.ndarray) -> np.ndarray:
    scale = MOST_PX / max(image.shape[:2])
    if scale >= 1:
        return image
    size = round(image.shape[1] * scale), round(image.shape[0] * scale)
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)
