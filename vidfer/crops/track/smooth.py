"""Smooths landmarks over time without delay."""

from __future__ import annotations

import numpy as np

REACH = 3
"""Frames further away than this many standard deviations do not count."""


def smooth_over_time(
    values: np.ndarray, times_s: np.ndarray, sigma_s: float, shots: np.ndarray | None = None
) -> np.ndarray:
    """Replace each value by that of a line fitted to its neighbours in time, with Gaussian weights.

    Neighbours on both sides count the same, so there is no delay. Where one side is missing (start, end,
    gap), the line still follows steady motion without bias, which a weighted mean would not.

    Args:
        values: (T, ...) float; rows of NaN are missing. They stay missing, and no fit reaches across one.
        times_s: (T,) rising.
        sigma_s: standard deviation of the weights in seconds; 0 changes nothing.
        shots: (T,) the number of the shot of each frame; no fit reaches across a cut.
    """
    if sigma_s == 0:
        return values.copy()
    flat = values.reshape(len(values), -1).astype(np.float64)
    known = ~np.isnan(flat).any(axis=1)
    run = np.cumsum(~known)
    if shots is not None:
        run = run + len(values) * shots
    # Weighted least squares by the sums over all neighbours of w, w t, w t², w y and w t y. Here t and y
    # count from the frame's own time and value, so it moves by the value of the line at t = 0.
    n = len(flat)
    w, wt, wtt = np.ones((n, 1)), np.zeros((n, 1)), np.zeros((n, 1))
    wy, wty = np.zeros_like(flat), np.zeros_like(flat)
    for step in range(1, n):
        t = (times_s[step:] - times_s[:-step])[:, None]
        if t.min() > REACH * sigma_s:
            break
        joined = known[step:] & known[:-step] & (run[step:] == run[:-step]) & (t[:, 0] <= REACH * sigma_s)
        weight = joined[:, None] * np.exp(-0.5 * (t / sigma_s) ** 2)
        y = np.where(joined[:, None], flat[step:] - flat[:-step], 0.0)
        for here, sign in ((slice(None, -step), 1), (slice(step, None), -1)):
            w[here] += weight
            wt[here] += sign * weight * t
            wtt[here] += weight * t**2
            wy[here] += sign * weight * y
            wty[here] += weight * t * y
    spread = w * wtt - wt**2
    moved = (wtt * wy - wt * wty) / np.where(spread > 0, spread, 1.0)
    return (flat + moved).reshape(values.shape).astype(values.dtype)
