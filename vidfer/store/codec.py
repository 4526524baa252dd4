"""Crops to JPEG bytes and back. Crops are RGB everywhere; OpenCV's BGR ends at this border.

Encoding and decoding use libjpeg-turbo's accurate DCT and smooth upsampling, which are exact integer
arithmetic with and without SIMD: equal crops give equal bytes, and equal bytes equal crops, on every machine.
"""

from __future__ import annotations

import cv2
import numpy as np
import simplejpeg

from vidfer.errors import VidferError

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
    """Room for :func:`decode_jpeg` to work in, (S, S, 3) uint8; one for each thread that decodes.

    It begins on an odd address on purpose. Rows that begin on a multiple of 32 bytes are written past the
    processor's caches by libjpeg-turbo, and the pixels must come back from memory at once: 1.35 times the
    time at 112 px. OpenCV and Pillow decode into aligned memory and leave no choice.
    """
    space = np.empty(size_px * size_px * 3 + CACHE_LINE_BYTES, np.uint8)
    first = -space.ctypes.data % CACHE_LINE_BYTES + 1
    return space[first : first + size_px * size_px * 3].reshape(size_px, size_px, 3)


def decode_jpeg(data: memoryview | bytes, space: np.ndarray, out: np.ndarray) -> None:
    """Decode one crop into planes.

    Args:
        data: the JPEG.
        space: from :func:`decoding_space`; overwritten.
        out: (3, S, S) uint8 RGB, contiguous; written.

    Raises:
        VidferError: when the bytes are no whole JPEG of that size.
    """
    try:
        image = simplejpeg.decode_jpeg(data, "RGB", buffer=space)
    except ValueError as error:
        raise VidferError(
            f"a stored crop is damaged ({error}); `vidfer verify` says which clips are"
        ) from error
    if image.shape != space.shape:
        raise VidferError(
            f"a stored crop has {image.shape[1]} x {image.shape[0]} pixels instead of {space.shape[1]} x "
            f"{space.shape[0]}; `vidfer verify` says which clips are damaged"
        )
    split_planes(image, out)


def split_planes(crop: np.ndarray, out: np.ndarray) -> None:
    """(S, S, 3) to contiguous (3, S, S), five times as fast as NumPy's transposition."""
    cv2.split(crop, [out[0], out[1], out[2]])
