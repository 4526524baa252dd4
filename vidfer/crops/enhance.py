"""Makes dark frames lighter before faces are searched."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

DARK = 110.0
"""Luminance, 0..255, of the bright part of a clip. A darker clip is made lighter until it has this."""
BRIGHT_PART = 80.0
"""Percentile of luminance that is called the bright part. Not the median: a well-lit face in front of a dark
background is light enough."""
MOST_NOISE = 12.0
"""Highest standard deviation of noise after amplification, in grey levels."""
MOST_GAIN = 8.0
"""Highest slope of the curve, which is that in the blacks."""


def build_enhance(name_or_path: str, sample: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Make the function that enhances the frames of one clip: uint8 (H,W,3) RGB to the same shape.

    It is made once per clip from some of its frames, so the brightness does not flicker.

    Args:
        name_or_path: ``brighten``, ``none``, or the path of an ONNX model, see
            :mod:`vidfer.crops.enhance_onnx`.
        sample: uint8 (n,H,W,3) RGB, frames from all parts of the clip.

    Raises:
        SettingError: there is no such file, or it is not such a model.
        MissingPackageError: onnxruntime is not installed.
    """
    if name_or_path == "none":
        return unchanged
    if name_or_path == "brighten":
        return brighten_like(sample)
    from vidfer.crops.enhance_onnx import OnnxEnhance

    return OnnxEnhance.of_file(name_or_path)


def brighten_like(sample: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Make all frames of a dark clip lighter by one curve. Frames of a bright clip stay the same, bit for
    bit.

    The curve is out = ln(1 + k x) / ln(1 + k) for x in 0..1. It rises, has no corner, and unlike gamma has a
    finite slope in the blacks. k raises the 80th percentile of the luminance of the sample to 110. It is
    smaller where the slope in the blacks would exceed 8, or where noise would exceed 12 grey levels.
    """
    small = sample[:, :: max(1, sample.shape[1] // 128), :: max(1, sample.shape[2] // 128)]
    level = float(np.percentile(_luminance(small), BRIGHT_PART))
    if level >= DARK:
        return unchanged
    noise = float(np.median([_noise(_middle(image)) for image in sample]))
    gain = np.clip(MOST_NOISE / max(noise, 1e-6), 1.0, MOST_GAIN)
    k = min(_strength_for_level(max(level, 1.0) / 255, DARK / 255), _strength_for_gain(gain))
    if k < 1e-3:
        return unchanged
    table = np.round(255 * np.log1p(k * np.arange(256) / 255) / np.log1p(k)).astype(np.uint8)
    return lambda image: cv2.LUT(image, table)


def unchanged(image: np.ndarray) -> np.ndarray:
    """Return the frame as it is."""
    return image


def _luminance(images: np.ndarray) -> np.ndarray:
    return images @ np.array([0.299, 0.587, 0.114])


def _middle(image: np.ndarray) -> np.ndarray:
    """At most 256 x 256 pixels, enough to measure noise."""
    top, left = (max(0, (side - 256) // 2) for side in image.shape[:2])
    return image[top : top + 256, left : left + 256]


def _noise(image: np.ndarray) -> float:
    """Standard deviation of noise in grey levels (Immerkaer 1996); by the median, so edges do not count."""
    mask = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], dtype=np.float32) / 6
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return float(np.median(np.abs(cv2.filter2D(grey, -1, mask)))) / 0.6745


def _strength_for_level(level: float, wanted: float) -> float:
    """The k with ln(1 + k level) / ln(1 + k) = wanted."""
    return _bisect(lambda k: np.log1p(k * level) / np.log1p(k), wanted)


def _strength_for_gain(gain: float) -> float:
    """The k with slope k / ln(1 + k) = gain in the blacks."""
    return _bisect(lambda k: k / np.log1p(k), gain)


def _bisect(rising: Callable[[float], float], wanted: float) -> float:
    low, high = 1e-6, 1e6
    for _ in range(80):
        middle = np.sqrt(low * high)
        low, high = (middle, high) if rising(middle) < wanted else (low, middle)
    return float(high)
