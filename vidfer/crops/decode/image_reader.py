"""Reads images as clips: an image is a clip of one frame, a folder of images is a clip of several."""

from __future__ import annotations

import re
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

DAMAGE = re.compile(
    r"premature end|bad Huffman code|(\d+) extraneous bytes before marker (0x\w+)", re.IGNORECASE
)
"""What libjpeg says of a JPEG whose pixels are damaged. It decodes the rest, with wrong colours or grey."""

PADDING_BYTES = 64
"""Some cameras put up to so many bytes before the end of a JPEG; more are the rest of damaged pixels."""

DEEP_BITS = 12
"""Medical and machine cameras store so many bits in images of 16 bits."""


def read_image(path: Path) -> np.ndarray:
    """Read an image file as uint8 (H, W, 3) RGB.

    Grey is repeated in all channels, alpha is dropped, and EXIF's rotation is applied. 16 bits are cut to 8;
    if no pixel uses more than the lower 12 bits, these are cut to 8.

    Raises:
        UnreadableVideo: OpenCV cannot read the file as an image, or a JPEG is damaged.
    """
    try:
        # Not cv2.imread: it does not open every path with letters outside ASCII.
        content = path.read_bytes()
        image = _decode_jpeg(content, path) if content.startswith(b"\xff\xd8") else None
        if image is None and content:
            image = _decode(content)
    except (OSError, cv2.error) as error:
        raise UnreadableVideo(path, f"the image cannot be read ({error})") from error
    if image is None:
        raise UnreadableVideo(path, "not an image that can be read" if content else "the image is empty")
    return image


def _decode(content: bytes) -> np.ndarray | None:
    """Decode any image with OpenCV; None if it cannot."""
    encoded = np.frombuffer(content, np.uint8)
    image = cv2.imdecode(encoded, cv2.IMREAD_COLOR)
    if image is not None and image.max() < 2 ** (DEEP_BITS - 8):
        deep = cv2.imdecode(encoded, cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH)
        if deep.dtype == np.uint16 and deep.max() < 2**DEEP_BITS:
            image = (deep >> (DEEP_BITS - 8)).astype(np.uint8)
    return None if image is None else cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def _decode_jpeg(content: bytes, path: Path) -> np.ndarray | None:
    """Decode a JPEG to the same bytes as OpenCV in less time; None if OpenCV has to decode it.

    Raises:
        UnreadableVideo: the pixels are damaged. OpenCV would not say so.
    """
    try:
        image = simplejpeg.decode_jpeg(content, "RGB", strict=True)
    except ValueError as error:  # damaged, or a kind of JPEG that simplejpeg does not decode
        damage = DAMAGE.search(str(error))
        if damage and not (damage[2] == "0xd9" and int(damage[1]) <= PADDING_BYTES):
            raise UnreadableVideo(path, f"the JPEG is damaged ({error})") from error
        return None
    return None if b"Exif\0\0" in content[:EXIF_WITHIN] else image


class ImageReader:
    """Gives the images of a clip, with the same methods as the readers of videos.

    All frames get the size of the first one.
    """

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
        try:
            images = frame_paths(folder)
        except OSError as error:
            raise UnreadableVideo(folder, f"the folder cannot be read ({error.strerror})") from error
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
            if image.shape != frames.shape[1:]:  # as the frames of a video that changes its size
                image = cv2.resize(image, (self.width, self.height), interpolation=cv2.INTER_AREA)
            frames[i] = image
        return frames
