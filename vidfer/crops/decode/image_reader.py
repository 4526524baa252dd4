"""Reads images as clips: an image is a clip of one frame, a folder of images is a clip of several."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import simplejpeg

from vidfer.clips.media import frame_paths
from vidfer.crops.decode.frame_memory import new_frames
from vidfer.crops.decode.unreadable_video import UnreadableVideo

FOLDER_FPS = 25.0
"""The frame rate of a folder of images, which states none; 25 is that of AFEW."""

EXIF_WITHIN = 2**17
"""A JPEG's EXIF header begins in these first bytes."""


def read_image(path: Path) -> np.ndarray:
    """Read an image file as uint8 (H, W, 3) RGB.

    Grey is repeated in all channels, alpha is dropped, 16 bits are cut to 8, and EXIF's rotation is applied.

    Raises:
        UnreadableVideo: OpenCV cannot read the file as an image.
    """
    try:
        # Not cv2.imread: it does not open every path with letters outside ASCII.
        content = path.read_bytes()
        image = _plain_jpeg(content)
        if image is None and content:
            image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
            image = None if image is None else cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
    except (OSError, cv2.error) as error:
        raise UnreadableVideo(path, f"the image cannot be read ({error})") from error
    if image is None:
        raise UnreadableVideo(path, "not an image that can be read" if content else "the image is empty")
    return image


def _plain_jpeg(content: bytes) -> np.ndarray | None:
    """Decode an undamaged JPEG without EXIF, to the same bytes as OpenCV in less time; None for other
    files."""
    if not content.startswith(b"\xff\xd8") or b"Exif\0\0" in content[:EXIF_WITHIN]:
        return None
    try:
        return simplejpeg.decode_jpeg(content, "RGB", strict=True)
    except ValueError:
        return None


class ImageReader:
    """Gives the images of a clip, with the same methods as the readers of videos."""

    library = "opencv"
    is_proved_at_end = False

    def __init__(self, images: list[Path], fps: float) -> None:
        self.images = images
        self.fps = fps
        self.times_s = np.arange(len(images)) / FOLDER_FPS
        self._first: np.ndarray | None = read_image(images[0])
        self.height, self.width = self._first.shape[:2]
        self.fault: str | None = None

    @classmethod
    def of_folder(cls, folder: Path) -> ImageReader:
        images = frame_paths(folder)
        if not images:
            raise UnreadableVideo(folder, "the folder holds no image")
        return cls(images, FOLDER_FPS)

    @classmethod
    def of_image(cls, path: Path) -> ImageReader:
        return cls([path], 0.0)

    def read(self, positions: np.ndarray) -> np.ndarray:
        frames = new_frames((len(positions), self.height, self.width, 3))
        for i, position in enumerate(positions):
            path = self.images[position]
            try:
                image = read_image(path) if self._first is None or position else self._first
                self._first = None
            except UnreadableVideo as error:
                self.fault = f"frame {position} ({path.name}): {error.reason}"
                return frames[:i]
            if image.shape != (self.height, self.width, 3):
                height, width = image.shape[:2]
                self.fault = (
                    f"frame {position} ({path.name}) is {width}x{height} and the first frame "
                    f"{self.width}x{self.height}; all frames of a clip must have one size"
                )
                return frames[:i]
            frames[i] = image
        return frames
