"""The face of one person in every frame of a clip: one record, from the tracker to the file."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vidfer.crops import STATUS

MISSING, DETECTED, TRACKED, INTERPOLATED, ASSUMED = range(len(STATUS))


@dataclass(frozen=True)
class FaceTrack:
    """What is known of one person's face in each of the T frames of a clip; NaN where it is missing.

    The fields stand in the order of the columns of ``/frames`` in a cache.
    """

    times_s: np.ndarray
    """(T,) float64: seconds since the first frame of the file, rising."""
    boxes_xyxy: np.ndarray
    """(T,4) float32: pixels of the decoded frame, smoothed over time."""
    landmarks: np.ndarray
    """(T,5,2) float32: x and y in pixels of eye, eye, nose tip, mouth corner, mouth corner; of a pair, the
    one on the left of an upright image comes first. Smoothed over time."""
    scores: np.ndarray
    """(T,) float32 in 0..1: O-Net's score; an interpolated frame has the lower one of its neighbours."""
    status: np.ndarray
    """(T,) uint8: positions in :data:`vidfer.crops.STATUS`."""

    def __len__(self) -> int:
        return len(self.times_s)

    def __getitem__(self, frames: slice) -> FaceTrack:
        """The track of some of the frames."""
        return FaceTrack(*(column[frames] for column in vars(self).values()))

    @classmethod
    def missing(cls, times_s: np.ndarray) -> FaceTrack:
        """A track of frames at these times (T,) in which no face is seen."""
        n = len(times_s)
        return cls(
            times_s,
            np.full((n, 4), np.nan, np.float32),
            np.full((n, 5, 2), np.nan, np.float32),
            np.full(n, np.nan, np.float32),
            np.full(n, MISSING, np.uint8),
        )
