"""Which frames of a clip the network sees."""

from __future__ import annotations

import numpy as np


def uniform_frames(n: int, count: int) -> np.ndarray:
    """The middle frame of each of ``count`` equal segments of a clip; all frames, each once, if it has fewer.

    Args:
        n: frames to choose from, at least 1.
        count: frames wanted, at least 1.

    Returns:
        (min(n, count),) int64, ascending, in 0..n-1.
    """
    return _frames_at(n, np.full(min(n, count), 0.5))


def segment_frames(n: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """One random frame of each of ``count`` equal segments of a clip, as FAN trains (arXiv 1907.00193).

    Args:
        n: frames to choose from, at least 1.
        count: frames wanted, at least 1; where ``n < count`` frames repeat.
        rng: says where in its segment each frame lies.

    Returns:
        (count,) int64, non-decreasing, in 0..n-1.
    """
    return _frames_at(n, rng.random(count))


def _frames_at(n: int, place_in_segment: np.ndarray) -> np.ndarray:
    count = len(place_in_segment)
    if n < 1 or count < 1:
        raise ValueError(f"cannot choose {count} of {n} frames")
    frames = np.floor((np.arange(count) + place_in_segment) * n / count).astype(np.int64)
    return np.minimum(frames, n - 1)  # rounding may lift (count - 1 + 0.99..) * n / count to n
