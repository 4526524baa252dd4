"""Wilson's interval of a share, which needs no other numbers than the two counts."""

from __future__ import annotations

import math

Z = 1.96
"""Two-sided 95 % of a normal distribution, as few-shot papers round it."""


def wilson_bounds(correct: int, n: int) -> tuple[float, float]:
    """The ends of the 95 % score interval (Wilson 1927) of a share of n independent trials, within [0, 1].

    The share lies between them, also where all trials or none are right: there one end is the share itself.

    Raises:
        ValueError: there is no trial, or ``correct`` is not one of 0..n.
    """
    if not 0 <= correct <= n or n == 0:
        raise ValueError(f"{correct} of {n} is no share")
    share = correct / n
    centre = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z / (1 + Z**2 / n) * math.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
    # Rounding must not leave the share outside: a figure draws the distances from it.
    return max(0.0, min(centre - half, share)), min(1.0, max(centre + half, share))
