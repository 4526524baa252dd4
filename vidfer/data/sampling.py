"""Choose the frames of a clip that the network sees."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from vidfer.store.records import CachedClip


def uniform_frames(n: int, count: int) -> np.ndarray:
    """The middle frame of each of ``count`` equal segments of a clip; all frames, each once, if it has fewer.

    Args:
        n: frames to choose from, at least 1.
        count: frames to choose, at least 1.

    Returns:
        (min(n, count),) int64, ascending, in 0..n-1.
    """
    return _frames_at(n, np.full(min(n, count), 0.5))


def segment_frames(n: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """One random frame of each of ``count`` equal segments of a clip, as FAN trains (arXiv 1907.00193).

    Args:
        n: frames to choose from, at least 1.
        count: frames to choose, at least 1; with ``n < count`` frames repeat.
        rng: draws the place of each frame within its segment.

    Returns:
        (count,) int64, non-decreasing, in 0..n-1.
    """
    return _frames_at(n, rng.random(count))


def cap_frames(n_frames: int, clips: Iterable[CachedClip]) -> int:
    """The number of frames to show of each clip: ``n_frames``, or fewer if even the longest clip has fewer.

    So a network that was trained on 8 frames shows 1 frame of photos.
    """
    longest = max((clip.n_faces for clip in clips), default=0)
    return min(n_frames, max(longest, 1))


def _frames_at(n: int, place_in_segment: np.ndarray) -> np.ndarray:
    count = len(place_in_segment)
    if n < 1 or count < 1:
        raise ValueError(f"cannot choose {count} of {n} frames")
    frames = np.floor((np.arange(count) + place_in_segment) * n / count).astype(np.int64)
    return np.minimum(frames, n - 1)  # rounding may lift (count - 1 + 0.99..) * n / count to n
