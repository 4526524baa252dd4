"""Where one shot ends and the next begins."""

from __future__ import annotations

import cv2
import numpy as np

SAMPLES = (64, 48)
"""So many points of a picture, across and down, are compared with those of the next."""
LEAST_CHANGE = 10.0
"""Mean change of a pixel value, in grey levels, that a cut makes at least."""
SPIKE = 3.0
"""A cut changes the picture this many times more than the frames before and after it change: so neither a
pan, which changes all frames, nor a flash, which changes two in a row, is taken for one."""
STILL = 2.0
"""Changes below this are noise; grey levels."""


class ShotCuts:
    """Finds cuts in frames that come chunk by chunk."""

    def __init__(self) -> None:
        self._last: np.ndarray | None = None
        self._last_change = 0.0

    def find(self, images: np.ndarray) -> list[int]:
        """Positions among the next frames of a clip, uint8 (n,H,W,3), at which a new shot begins.

        0 means a cut between the last call's frames and these. The last change of a chunk is judged without
        the one that follows it.
        """
        small = np.stack([_sampled(image) for image in images])
        before = small[:1] if self._last is None else self._last[None]
        change = np.abs(np.diff(np.concatenate([before, small]), axis=0)).mean(axis=(1, 2, 3))
        around = np.concatenate([[self._last_change], change, [0.0]])
        calm = np.maximum(np.maximum(around[:-2], around[2:]), STILL)
        self._last, self._last_change = small[-1], float(change[-1])
        return np.flatnonzero((change >= LEAST_CHANGE) & (change >= SPIKE * calm)).tolist()


def _sampled(image: np.ndarray) -> np.ndarray:
    # Not averaged: reading all pixels would cost as much as following a face.
    return cv2.resize(image, SAMPLES, interpolation=cv2.INTER_LINEAR).astype(np.float32)
