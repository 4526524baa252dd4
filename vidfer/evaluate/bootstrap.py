"""The bootstrap: an interval from many draws of the same clips or subjects.

``scipy.stats.bootstrap`` draws single observations. Here whole subjects are drawn, or clips within their
class. SciPy would also be a further dependency, and its draws would change the results of older files.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np

from vidfer.evaluate.intervals import Interval
from vidfer.names import in_one_spelling

RESAMPLES = 2000
"""Number of draws; the ends then vary by about a twentieth of the width from seed to seed."""

AT_ONCE = 4_000_000
"""Counts in memory at a time."""


def bootstrap_interval(
    values: Sequence[float] | np.ndarray,
    *,
    classes: Sequence[Hashable] | np.ndarray | None = None,
    subjects: Sequence[Hashable] | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval:
    """Percentile bootstrap of a mean over clips (Efron 1979, Annals of Statistics 7(1), 1-26).

    Args:
        values: (M,) one per clip, such as 1 for right and 0 for wrong.
        classes: (M,) if given, the mean is the mean of class means: UAR, where values are 1 and 0.
        subjects: (M,) if given, whole subjects are drawn with all their clips, because clips of one subject
            are not independent. Otherwise clips are drawn, within their class if there are classes.
        resamples: number of draws.
        seed: of the draws.

    Returns:
        The interval; without ends where there is only one subject or clip.
    """
    values = np.asarray(values, dtype=np.float64)
    n = len(values)
    if n == 0:
        raise ValueError("an interval needs at least one clip")
    stratum = np.zeros(n, dtype=np.int64) if classes is None else np.unique(classes, return_inverse=True)[1]
    n_strata = int(stratum.max()) + 1
    if subjects is None:
        unit, strata = np.arange(n), [np.flatnonzero(stratum == s) for s in range(n_strata)]
    else:
        subjects = in_one_spelling(subjects)
        known = {subject: i for i, subject in enumerate(dict.fromkeys(subjects))}
        unit = np.array([known[subject] for subject in subjects])
        strata = [np.arange(len(known))]
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
        for members in strata:
            even = np.full(len(members), 1 / len(members))
            drawn[:, members] = rng.multinomial(len(members), even, size=len(drawn))
        drawn_counts = drawn @ counts
        with np.errstate(invalid="ignore"):
            class_means = (drawn @ sums) / drawn_counts
        # A draw of subjects may lack a class; its mean is then over the other classes.
        means.append(np.nanmean(class_means, axis=1))
    low, high = np.percentile(np.concatenate(means), [2.5, 97.5])
    return Interval(mean=mean, low=float(low), high=float(high), n=units, over=over, method=method)
