"""From a decoded frame to upright RGB pixels in an array."""

from __future__ import annotations

import av
import cv2
import numpy as np
from av.video.reformatter import VideoReformatter

TURNS = {90: cv2.ROTATE_90_COUNTERCLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_CLOCKWISE}


class RgbWriter:
    """Converts the frames of a video, all to the size of the first, and turns them as they ask to be."""

    def __init__(self, first: av.VideoFrame) -> None:
        turned = _rotation(first) % 180 != 0
        self.width = first.height if turned else first.width
        self.height = first.width if turned else first.height
        self._reformatter = VideoReformatter()

    def write(self, frame: av.VideoFrame, image: np.ndarray) -> None:
        """Put a frame into ``image``, uint8 (height, width, 3)."""
        rotation = _rotation(frame)
        turned = rotation % 180 != 0
        rgb = self._reformatter.reformat(
            frame,
            width=self.height if turned else self.width,
            height=self.width if turned else self.height,
            format="rgb24",
            threads=1,
        ).to_ndarray()
        if rotation:
            cv2.rotate(rgb, TURNS[rotation], dst=image)
        else:
            image[...] = rgb


def _rotation(frame: av.VideoFrame) -> int:
    """0, 90, 180 or 270 degrees counterclockwise."""
    return round(frame.rotation / 90) * 90 % 360
