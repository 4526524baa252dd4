"""Finds cuts: where one shot ends and the next begins."""

from __future__ import annotations

import cv2
import numpy as np

SAMPLES = (64, 48)
"""Number of points of a frame, across and down, that are compared with those of the next."""
LEAST_CHANGE = 10.0
"""Lowest mean change of a pixel value at a cut, in grey levels."""
SPIKE = 3.0
"""A cut changes the picture at least this many times more than the two frames before and after it change. So
a pan, which changes all frames, is no cut, and neither is motion in which each frame comes twice."""
STILL = 2.0
"""Changes below this are noise; grey levels."""
SAME_PICTURE = 0.92
"""Frames with a higher correlation show the same in another light. Of 4,204 pairs of frames that show
different people, many in one studio, none has one: the highest is 0.90."""
N_BEFORE, N_AFTER = 4, 3
"""Number of frames before and after a possible cut that decide whether it is one."""


class ShotCuts:
    """Finds cuts in frames that come in chunks. The size of the chunks makes no difference."""

    def __init__(self) -> None:
        self.last = np.empty((0, *SAMPLES[::-1], 3), np.float32)
        """Samples of the last frames."""

    def find(self, images: np.ndarray, next_images: np.ndarray) -> list[int]:
        """Positions at which a new shot begins.

        Args:
            images: the next frames of the clip, uint8 (n,H,W,3).
            next_images: the frames after these; three of them are used, fewer at the end of the clip.

        Returns:
            Positions among ``images``; 0 means a cut between the frames of the last call and these.
        """
        known, n = len(self.last), len(images)
        new = np.stack([_sampled(image) for image in (*images, *next_images[:N_AFTER])])
        samples = np.concatenate([self.last, new])
        self.last = samples[: known + n][-N_BEFORE:]
        return np.flatnonzero(begins_shot(samples)[known : known + n]).tolist()


def begins_shot(samples: np.ndarray, same_picture: float = SAME_PICTURE) -> np.ndarray:
    """Which of some frames, float32 (n,h,w,3), begin a shot: bool (n,).

    A cut is sudden, or it takes two steps: over a frame that mixes both shots, which a change of the frame
    rate can make, or over a frame that belongs to neither. Then both steps are large, and so is the change
    across them. A flash also has two large steps, but shows the same picture before and after. A change of
    the light alone is no cut: frames that correlate by more than ``same_picture`` show the same.
    """
    n = len(samples)
    change = _change(samples, 1)
    across = np.append(_change(samples, 2)[1:], 0.0)
    padded = np.pad(change, N_AFTER)
    two_before, before, after, two_after, three_after = (
        padded[N_AFTER + k : N_AFTER + k + n] for k in (-2, -1, 1, 2, 3)
    )
    calm = np.max([two_before, before, after, two_after, np.full(n, STILL)], axis=0)
    sudden = change >= np.maximum(LEAST_CHANGE, SPIKE * calm)
    sudden[sudden] = [_differ(samples[i - 1], samples[i], same_picture) for i in np.flatnonzero(sudden)]
    calm = np.max([two_before, before, two_after, three_after, np.full(n, STILL)], axis=0)
    least_step = np.maximum(across / 4, SPIKE / 2 * calm)
    in_two = (across >= np.maximum(LEAST_CHANGE, SPIKE * calm)) & (np.minimum(change, after) >= least_step)
    in_two[in_two] = [_differ(samples[i - 1], samples[i + 1], same_picture) for i in np.flatnonzero(in_two)]
    return sudden | in_two | np.append(False, in_two[:-1])


def _change(samples: np.ndarray, step: int) -> np.ndarray:
    """Mean change (n,) from the frame that is ``step`` frames earlier; 0 where there is none."""
    differences = [np.abs(b - a).mean() for a, b in zip(samples, samples[step:])]
    return np.concatenate([np.zeros(min(step, len(samples))), differences])


def _differ(a: np.ndarray, b: np.ndarray, same_picture: float) -> bool:
    """Whether two frames (h,w,3) correlate too little to show the same picture in another light."""
    a, b = a - a.mean(axis=(0, 1)), b - b.mean(axis=(0, 1))
    return bool((a * b).sum() <= same_picture * np.linalg.norm(a) * np.linalg.norm(b))


def _sampled(image: np.ndarray) -> np.ndarray:
    # Single pixels, not means: reading all pixels would cost as much as following a face.
    return cv2.resize(image, SAMPLES, interpolation=cv2.INTER_LINEAR).astype(np.float32)
