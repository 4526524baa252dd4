"""Steady landmarks over time without making them late."""

from __future__ import annotations

import numpy as np

REACH = 3
"""Frames further away than this many standard deviations have no say."""


def smooth_over_time(
    values: np.ndarray, times_s: np.ndarray, sigma_s: float, shots: np.ndarray | None = None
) -> np.ndarray:
    """Each value replaced by that of a line fitted to its neighbours in time, with Gaussian weights.

    Neighbours on both sides count alike, so nothing lags; where one side is missing (start, end, gap) the
    fitted line still runs through steady motion without bias, which a plain weighted mean would not.

    Args:
        values: (T, ...) float; NaN rows are missing. They stay missing, and no fit looks past one.
        times_s: (T,) rising.
        sigma_s: standard deviation of the weights in seconds; 0 changes nothing.
        shots: (T,) shot of each frame; no fit looks past a cut.
    """
    if sigma_s == 0:
        return values.copy()
    flat = values.reshape(len(values), -1).astype(np.float64)
    known = ~np.isnan(flat).any(axis=1)
    run = np.cumsum(~known)
    if shots is not None:
        run = run + len(values) * shots
    smooth = flat.copy()
    for i in np.flatnonzero(known):
        first, last = np.searchsorted(times_s, times_s[i] + np.array([-1, 1]) * REACH * sigma_s)
        near = np.arange(first, last)
        near = near[known[near] & (run[near] == run[i])]
        shift = times_s[near] - times_s[i]
        weight = np.exp(-0.5 * (shift / sigma_s) ** 2)
        # Weighted least squares; its value at shift 0 is the intercept.
        mean_shift = weight @ shift / weight.sum()
        mean = weight @ flat[near] / weight.sum()
        spread = weight @ (shift - mean_shift) ** 2
        slope = (weight * (shift - mean_shift)) @ flat[near] / spread if spread > 0 else 0.0
        smooth[i] = mean - slope * mean_shift
    return smooth.reshape(values.shape).astype(values.dtype)
