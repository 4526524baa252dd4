"""Rows of several results combined clip by clip: their mean, or the paired difference of two models."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np

from vidfer.evaluate.bootstrap import bootstrap_interval
from vidfer.evaluate.intervals import Interval
from vidfer.evaluate.jackknife import jackknife_interval
from vidfer.evaluate.result import Result

MEASURES = {"classification": ("WAR", "UAR"), "few-shot": ("accuracy",)}
"""Kind of result -> its measures that can be compared, by their names in result files."""


def paired_difference(
    later: Sequence[Result], earlier: Sequence[Result], measure: str
) -> tuple[Interval, int] | None:
    """Later minus earlier, in -1..1, over the clips that were queries of both.

    The interval is over subjects, or over clips where subjects are not known: of few-shot accuracy by the
    jackknife, of WAR and UAR by a bootstrap.

    Args:
        later, earlier: results on the same clips. Of several, such as training seeds of one method, each
            clip counts with its mean over them.
        measure: one of :data:`MEASURES`.

    Returns:
        The interval, and the number of clips; None without a clip that was a query of all results.
    """
    rows = combined_rows(later, earlier)
    measured = [row for row in rows if row["accuracy"] is not None]
    if not measured:
        return None
    # Clips of one subject are not independent of one another.
    known = all(row["subject"] is not None for row in rows)
    if measure == "accuracy":
        # Clips that were never a query count, too: they were in the support.
        subjects = [row["subject"] for row in rows] if known else None
        return interval_over_rows(rows, subjects, bounds=(-1.0, 1.0)), len(measured)
    interval = bootstrap_interval(
        [row["accuracy"] for row in measured],
        classes=None if measure == "WAR" else [row["label"] for row in measured],
        subjects=[row["subject"] for row in measured] if known else None,
        seed=later[0].seed,
    )
    return interval, len(measured)


def combined_rows(later: Sequence[Result], earlier: Sequence[Result] = ()) -> list[dict]:
    """For every clip of all results: the mean over ``later``, minus the mean over ``earlier``, if any.

    The jackknife influence combines as the accuracy does, because both are means over episodes.

    Returns:
        Rows in the order of the first result: ``clip``, ``subject``, ``label``; ``accuracy``, None unless the
        clip was a query of all results; ``jackknife_influence``, if all results have it.
    """
    weights = [1 / len(later)] * len(later) + [-1 / len(earlier) for _ in earlier]
    by_clip = [{row["clip"]: row for row in result.rows} for result in (*later, *earlier)]
    rows = []
    for clip, first in by_clip[0].items():
        if not all(clip in of_result for of_result in by_clip):
            continue
        found = [of_result[clip] for of_result in by_clip]
        row = {name: first[name] for name in ("clip", "subject", "label")}
        row["accuracy"] = None
        if all(one["n_queries"] for one in found):
            row["accuracy"] = sum(w * one["accuracy"] for w, one in zip(weights, found))
        if all("jackknife_influence" in one for one in found):
            row["jackknife_influence"] = np.dot(weights, [one["jackknife_influence"] for one in found])
        rows.append(row)
    return rows


def interval_over_rows(
    rows: Sequence[dict],
    subjects: Sequence[Hashable] | None = None,
    bounds: tuple[float, float] = (0.0, 1.0),
) -> Interval:
    """:func:`vidfer.evaluate.jackknife.jackknife_interval` of few-shot rows.

    It treats the support clips as fixed if a row lacks ``jackknife_influence``.
    """
    whole = all("jackknife_influence" in row for row in rows)
    return jackknife_interval(
        np.array([np.nan if row["accuracy"] is None else row["accuracy"] for row in rows]),
        np.array([row["jackknife_influence"] for row in rows]) if whole else None,
        classes=[row["label"] for row in rows],
        subjects=subjects,
        bounds=bounds,
    )
