"""95 % intervals, each with the name of what it counts and how."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

Z = 1.96
"""Two-sided 95 % of a normal distribution, as few-shot papers round it."""

RESAMPLES = 2000
"""Of a bootstrap: the ends then vary by about a twentieth of the interval's width from seed to seed."""

AT_ONCE = 4_000_000
"""Counts of a bootstrap held in memory at a time."""


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A share (or a difference of shares) and the 95 % interval around it."""

    mean: float
    low: float | None
    """None where one single observation says nothing about the spread."""
    high: float | None
    n: int
    over: str
    """What was counted ``n`` times: ``episodes``, ``clips``, ``subjects``."""
    method: str

    def __str__(self) -> str:
        if self.low is None:
            return f"{100 * self.mean:.1f} % ({self.n} {self.over})"
        return f"{100 * self.mean:.1f} % [{100 * self.low:.1f}, {100 * self.high:.1f}] ({self.n} {self.over})"


def mean_interval(values: Sequence[float] | np.ndarray, over: str = "episodes") -> Interval:
    """Mean ± 1.96·sd/√n of independent values (n,), sd with n − 1: the interval of few-shot papers."""
    values = np.asarray(values, dtype=np.float64)
    n = len(values)
    if n == 0:
        raise ValueError("an interval needs at least one value")
    mean = float(values.mean())
    half = Z * float(values.std(ddof=1)) / math.sqrt(n) if n > 1 else None
    return Interval(
        mean=mean,
        low=None if half is None else mean - half,
        high=None if half is None else mean + half,
        n=n,
        over=over,
        method="mean ± 1.96 sd/√n",
    )


def t_quantile(freedom: int) -> float:
    """Two-sided 95 % of Student's t with so many degrees of freedom; from 3 on by Fisher's expansion around
    the normal distribution (Abramowitz and Stegun 26.7.5), within 1 % of it, from 6 on within 0.1 %."""
    if freedom < 3:
        return (12.7062, 4.3027)[freedom - 1]
    z, n = 1.959964, 4 * freedom
    series = (
        z,
        (z**3 + z) / n,
        (5 * z**5 + 16 * z**3 + 3 * z) / 6 / n**2,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 6 / n**3,
    )
    return math.fsum(series)


def pool_mean_intervals(parts: Sequence[Interval]) -> Interval:
    """The :func:`mean_interval` of the values of several together: exact, from their means, ends and n."""
    n = sum(part.n for part in parts)
    mean = sum(part.n * part.mean for part in parts) / n
    squares = 0.0
    for part in parts:
        # half = Z sd/√n, and (n - 1) sd² is the sum of squares around the part's own mean.
        half = 0.0 if part.low is None else (part.high - part.low) / 2
        squares += (part.n - 1) * part.n * (half / Z) ** 2 + part.n * (part.mean - mean) ** 2
    half = Z * math.sqrt(squares / (n - 1) / n) if n > 1 else None
    low, high = (None, None) if half is None else (mean - half, mean + half)
    return Interval(mean=mean, low=low, high=high, n=n, over=parts[0].over, method=parts[0].method)


def wilson_interval(correct: int, n: int, over: str = "clips") -> Interval:
    """Wilson's score interval (1927) of a share of n independent trials; never leaves [0, 1]."""
    if not 0 <= correct <= n or n == 0:
        raise ValueError(f"{correct} of {n} is no share")
    share = correct / n
    centre = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z / (1 + Z**2 / n) * math.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
    low, high = max(0.0, centre - half), min(1.0, centre + half)
    return Interval(mean=share, low=low, high=high, n=n, over=over, method="Wilson")


def bootstrap_interval(
    values: Sequence[float] | np.ndarray,
    *,
    classes: Sequence[Hashable] | np.ndarray | None = None,
    subjects: Sequence[Hashable] | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval:
    """Percentile bootstrap of a mean over clips.

    Args:
        values: (M,) one per clip, such as 1 for right and 0 for wrong.
        classes: (M,) if given, the mean is the mean of class means (UAR, when values are right and wrong).
        subjects: (M,) if given, whole people are drawn, with all their clips, because clips of one person are
            not independent. Otherwise clips are drawn, within their class if there are classes.
        resamples: how often.
        seed: of the draws.

    Returns:
        The interval; without ends if there is only one person or clip to draw.
    """
    values = np.asarray(values, dtype=np.float64)
    n = len(values)
    if n == 0:
        raise ValueError("an interval needs at least one clip")
    stratum = np.zeros(n, dtype=np.int64) if classes is None else np.unique(classes, return_inverse=True)[1]
    n_strata = int(stratum.max()) + 1
    if subjects is None:
        unit, pools = np.arange(n), [np.flatnonzero(stratum == s) for s in range(n_strata)]
    else:
        known = {subject: i for i, subject in enumerate(dict.fromkeys(subjects))}
        unit = np.array([known[subject] for subject in subjects])
        pools = [np.arange(len(known))]
    units = int(unit.max()) + 1
    sums, counts = np.zeros((units, n_strata)), np.zeros((units, n_strata))
    np.add.at(sums, (unit, stratum), values)
    np.add.at(counts, (unit, stratum), 1)
    mean = float((sums.sum(0) / counts.sum(0)).mean())
    over = "clips" if subjects is None else "subjects"
    within = ", within classes" if classes is not None and subjects is None else ""
    method = f"bootstrap over {over}{within}"
    if units == 1:
        return Interval(mean=mean, low=None, high=None, n=units, over=over, method=method)

    rng = np.random.default_rng(seed)
    means, step = [], max(1, AT_ONCE // units)
    for start in range(0, resamples, step):
        drawn = np.zeros((min(step, resamples - start), units))
        for pool in pools:
            even = np.full(len(pool), 1 / len(pool))
            drawn[:, pool] = rng.multinomial(len(pool), even, size=len(drawn))
        drawn_counts = drawn @ counts
        with np.errstate(invalid="ignore"):
            class_means = (drawn @ sums) / drawn_counts
        # A draw of people may lack a class altogether; its mean is then over the classes that are there.
        means.append(np.nanmean(class_means, axis=1))
    low, high = np.percentile(np.concatenate(means), [2.5, 97.5])
    return Interval(mean=mean, low=float(low), high=float(high), n=units, over=over, method=method)
