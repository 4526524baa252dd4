"""The interval of a few-shot accuracy over clips: what it would be with other clips, by the jackknife.

Few-shot accuracy over clips is a U-statistic: a mean over all choices of support and query clips. The
jackknife leaves out each clip in turn and adds up the squares of the changes. The variance that it gives is,
if anything, too large (Efron and Stein 1981, Annals of Statistics 9(3), 586-596). The accuracy is the mean of
A_c over C classes of n_c clips each. Without clip i of class c it would be lower by

    (a_i - A_c + b_i) / (C (n_c - 1)).

Here a_i is the clip's own accuracy as a query, and b_i its influence on the answers about other clips. Both
come from the same episodes; none has to be scored again.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence

import numpy as np

from vidfer.evaluate.intervals import Interval, t_quantile
from vidfer.names import in_one_spelling

HALVES = 2
"""Even and odd episodes: their noise is independent, and the influence of a clip is the same."""

SUPPORT_FIXED = "support clips fixed"
"""Marks an interval that treats the support set as fixed; its result file is of an earlier vidfer."""


def jackknife_interval(
    accuracy: np.ndarray,
    influence: np.ndarray | None,
    *,
    classes: Sequence[Hashable] | np.ndarray,
    subjects: Sequence[Hashable] | None = None,
    bounds: tuple[float, float] = (0.0, 1.0),
) -> Interval:
    """Mean of class means with the interval ± t·s, by the jackknife over clips within classes, or subjects.

    A unit u is one clip, or all m_uc clips of one subject. Without it the mean would be lower by x_u, the sum
    of (a_i - A_c + b_i) / (C (n_c - m_uc)) over its clips. With m units, s² is (m - 1) / m times the sum of
    x_u(even) x_u(odd); for clips, class by class. The product of the two halves of the episodes removes the
    noise of few episodes. s² is never below the variance that a_i alone gives.

    Args:
        accuracy: (M,) a_i, or its difference between two models; NaN for a clip that was never a query.
        influence: (M, 2) b_i of :mod:`vidfer.evaluate.jackknife_influence`, or its difference. None, for
            results of an earlier vidfer, treats the support clips as fixed.
        classes: (M,)
        subjects: (M,) if given, whole subjects are left out, because clips of one subject are not
            independent.
        bounds: least and greatest possible value; the interval stays within them.

    Returns:
        The interval; without ends where a class has one clip or one subject alone.
    """
    accuracy = np.asarray(accuracy, dtype=np.float64)
    is_query = np.isfinite(accuracy)
    if not is_query.any():
        raise ValueError("an interval needs at least one clip that was a query")
    kind = np.unique(classes, return_inverse=True)[1]
    apart, means, counts = from_class_means(accuracy, kind)
    measured = counts > 0  # a class without queries is left out of the mean
    mean = float(means[measured].mean())
    if subjects is None:
        over, unit = "clips", np.arange(len(kind))
    else:
        subjects = in_one_spelling(subjects)
        known = {subject: i for i, subject in enumerate(dict.fromkeys(subjects))}
        over, unit = "subjects", np.array([known[subject] for subject in subjects])
    units = int(unit.max()) + 1
    method = f"jackknife over {over}{', within classes' if subjects is None else ''}, t"
    method += f"; {SUPPORT_FIXED}" if influence is None else ""

    pair, clips = unit * len(means) + kind, np.bincount(kind)
    left_queries = counts[kind] - np.bincount(pair, is_query)[pair]
    left = clips[kind] - np.bincount(pair)[pair]
    if (left_queries[is_query] == 0).any():
        return Interval(mean=mean, low=None, high=None, n=units, over=over, method=method)
    own = apart / np.maximum(left_queries, 1) / measured.sum()
    x = np.zeros((units, HALVES))
    for half in range(HALVES):
        on_others = np.zeros(len(kind)) if influence is None else np.asarray(influence, dtype=float)[:, half]
        on_others = (on_others - (np.bincount(kind, on_others) / clips)[kind]) / np.maximum(left, 1)
        x[:, half] = np.bincount(unit, own + np.where(measured[kind], on_others / measured.sum(), 0.0))
    freedom = int((clips[measured] - 1).sum()) if subjects is None else units - 1
    weight = (units - 1) / units if subjects is not None else (1 - 1 / clips)[kind]
    variance = max(float((weight * x.prod(1)).sum()), float((weight * np.bincount(unit, own) ** 2).sum()))
    margin = t_quantile(freedom) * math.sqrt(variance)
    low, high = max(bounds[0], mean - margin), min(bounds[1], mean + margin)
    return Interval(mean=mean, low=low, high=high, n=units, over=over, method=method)


def from_class_means(accuracy: np.ndarray, kind: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Accuracies (M,) minus the mean of their class, 0 where there is none; the means; clips per mean."""
    known = np.isfinite(accuracy)
    counts = np.bincount(kind, known)
    means = np.bincount(kind, np.where(known, accuracy, 0)) / np.maximum(counts, 1)
    return np.where(known, accuracy - means[kind], 0.0), means, counts
