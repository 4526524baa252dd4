"""Rows of results: of several the mean or the difference clip by clip; of few-shot ones the interval."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np

from vidfer.evaluate.influence import influence_interval
from vidfer.evaluate.intervals import Interval
from vidfer.evaluate.result import Result


def combined_rows(later: Sequence[Result], earlier: Sequence[Result] = ()) -> list[dict]:
    """The mean over ``later`` minus the mean over ``earlier``, if there are any, for every clip of all.

    Both parts of a clip's influence add up as accuracies do: each is a mean over episodes.

    Returns:
        Rows in the order of the first result: ``clip``, ``subject``, ``label``; ``accuracy``, None unless all
        asked for the clip; ``on_others`` if all have it.
    """
    weights = [1 / len(later)] * len(later) + [-1 / len(earlier) for _ in earlier]
    tables = [{row["clip"]: row for row in result.rows} for result in (*later, *earlier)]
    rows = []
    for clip, first in tables[0].items():
        if not all(clip in table for table in tables):
            continue
        found = [table[clip] for table in tables]
        row = {name: first[name] for name in ("clip", "subject", "label")}
        row["accuracy"] = None
        if all(one["asked"] for one in found):
            row["accuracy"] = sum(w * one["accuracy"] for w, one in zip(weights, found))
        if all("on_others" in one for one in found):
            row["on_others"] = np.dot(weights, [one["on_others"] for one in found])
        rows.append(row)
    return rows


def over_clips(
    rows: Sequence[dict],
    subjects: Sequence[Hashable] | None = None,
    bounds: tuple[float, float] = (0.0, 1.0),
) -> Interval:
    """:func:`vidfer.evaluate.influence.influence_interval` of rows; the examples are taken as given if one of
    them does not say what its clip does as an example."""
    whole = all("on_others" in row for row in rows)
    return influence_interval(
        np.array([np.nan if row["accuracy"] is None else row["accuracy"] for row in rows]),
        np.array([row["on_others"] for row in rows]) if whole else None,
        classes=[row["label"] for row in rows],
        subjects=subjects,
        bounds=bounds,
    )
