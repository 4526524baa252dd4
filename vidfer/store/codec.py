"""Crops to JPEG bytes and back. Crops are RGB everywhere; OpenCV's BGR ends at this border.

Encoding and decoding use libjpeg-turbo's accurate DCT and smooth upsampling. These are exact integer
arithmetic, with and without SIMD: on every machine equal crops give equal bytes, and equal bytes equal crops.
"""

from __future__ import annotations

import cv2
import numpy as np
import simplejpeg

from vidfer.errors import CacheError

SAMPLING = (cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420)
"""Colour at half resolution. Crops are mostly enlarged faces: 4:4:4 costs 28 % more bytes for 1.4 dB."""

CACHE_LINE_BYTES = 64


def encode_jpeg(crop: np.ndarray, quality: int) -> np.ndarray:
    """Encode one crop.

    Args:
        crop: (S, S, 3) uint8 RGB.
        quality: 1 to 100.

    Returns:
        (bytes,) uint8.
    """
    # Not simplejpeg: below quality 96 it encodes with the fast DCT, which costs quality and bytes, not time.
    options = [cv2.IMWRITE_JPEG_QUALITY, quality, *SAMPLING]
    return cv2.imencode(".jpg", cv2.cvtColor(crop, cv2.COLOR_RGB2BGR), options)[1]


def decoding_space(size_px: int) -> np.ndarray:
    """The memory that :func:`decode_jpeg` decodes into, (S, S, 3) uint8. Each thread needs its own.

    It begins at an odd address on purpose. libjpeg-turbo writes rows that begin at a multiple of 32 bytes
    past the processor's caches. The pixels would then have to come back from main memory at once, which takes
    1.35 times as long at 112 px. OpenCV and Pillow decode into aligned memory and leave no choice.
    """
    space = np.empty(size_px * size_px * 3 + CACHE_LINE_BYTES, np.uint8)
    first = -space.ctypes.data % CACHE_LINE_BYTES + 1
    return space[first : first + size_px * size_px * 3].reshape(size_px, size_px, 3)


def decode_jpeg(data: memoryview | bytes, space: np.ndarray, out: np.ndarray) -> None:
    """Decode one crop into planes.

    Args:
        data: the JPEG.
        space: from :func:`decoding_space`. Its content is lost.
        out: (3, S, S) uint8 RGB, contiguous. The crop is written here.

    Raises:
        CacheError: the bytes are not a whole JPEG of that size.
    """
    try:
        image = simplejpeg.decode_jpeg(data, "RGB", buffer=space)
    except ValueError as error:
        raise CacheError(f"a stored crop is damaged ({error}); `vidfer verify` lists such clips") from error
    if image.shape != space.shape:
        raise CacheError(
            f"a stored crop is damaged: it has {image.shape[1]} x {image.shape[0]} pixels instead of "
            f"{space.shape[1]} x {space.shape[0]}; `vidfer verify` lists such clips"
        )
    split_planes(image, out)


def split_planes(crop: np.ndarray, out: np.ndarray) -> None:
    """Copy (S, S, 3) to contiguous (3, S, S). This takes a fifth of the time of NumPy's transposition."""
    cv2.split(crop, [out[0], out[1], out[2]])
