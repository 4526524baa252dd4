"""Writes decoded frames as upright RGB pixels into arrays."""

from __future__ import annotations

import av
import cv2
import numpy as np
from av.video.reformatter import VideoReformatter

UPRIGHT = (1, 0, 0, 1)


class RgbWriter:
    """Converts the frames of a video to the size of the first one, turned and mirrored as the file says.

    Pixels are not stretched, even if the file says that they are not square. Interlaced lines stay as they
    are stored. Colours are converted with the matrix and range that the file states, or with BT.601.
    """

    def __init__(self, first: av.VideoFrame) -> None:
        right_x, right_y, down_x, down_y = _display_matrix(first)
        self._swapped = abs(right_y) > abs(right_x)
        """Whether rows become columns."""
        self._mirror_x = (down_x if self._swapped else right_x) < 0
        self._mirror_y = (right_y if self._swapped else down_y) < 0
        self._plain = not (self._swapped or self._mirror_x or self._mirror_y)
        self._size = {"width": first.width, "height": first.height}
        self.width = first.height if self._swapped else first.width
        self.height = first.width if self._swapped else first.height
        self._reformatter = VideoReformatter()

    def write(self, frame: av.VideoFrame, image: np.ndarray) -> None:
        """Put a frame into ``image``, uint8 (height, width, 3)."""
        # One thread: clips fill the cores.
        rgb = self._reformatter.reformat(frame, **self._size, format="rgb24", threads=1).to_ndarray()
        if self._plain:
            image[...] = rgb
            return
        if self._swapped:
            rgb = cv2.transpose(rgb)
        if self._mirror_x or self._mirror_y:
            cv2.flip(rgb, -1 if self._mirror_x and self._mirror_y else int(self._mirror_x), dst=image)
        else:
            image[...] = rgb


def _display_matrix(frame: av.VideoFrame) -> tuple[int, int, int, int]:
    """The directions on the screen of a step to the right and a step down in the frame: (x, y, x, y)."""
    # From a small copy. A frame and its side data refer to each other, so the frame would return to the
    # decoder only with the garbage collector, and the decoder repairs damaged frames from those that
    # returned.
    copy = VideoReformatter().reformat(frame, width=16, height=16, format="rgb24", threads=1)
    matrix = copy.side_data.get("DISPLAYMATRIX")
    if matrix is None:
        return UPRIGHT
    a, b, _, c, d, *_ = np.frombuffer(matrix, np.int32).tolist()
    return a, b, c, d
