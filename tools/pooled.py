"""Joins the results of several seeds, each with clips of its own, into one interval."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from vidfer.evaluate.bootstrap import bootstrap_interval
from vidfer.evaluate.intervals import Interval
from vidfer.evaluate.paired import combined_rows, interval_over_rows
from vidfer.evaluate.result import Result


def pooled(results: Sequence[Result]) -> Interval:
    """The share of right answers over the clips of all results, by a bootstrap over all subjects.

    Args:
        results: classifications, one for each seed. Subject 7 of one seed is another person than subject 7 of
            another seed.
    """
    rows = [row for number, result in enumerate(results) for row in of_seed(number, result.rows)]
    return bootstrap_interval([row["accuracy"] for row in rows], subjects=subjects_of(rows))


def pooled_difference(later: Sequence[Result], earlier: Sequence[Result]) -> tuple[Interval, int]:
    """Later minus earlier over the same clips of all seeds, and how many clips were queries of both.

    Of classifications the difference of the shares, by a bootstrap; of few-shot results that of the means of
    class means, by the jackknife. Whole subjects are drawn or left out.

    Args:
        later, earlier: results of the same seeds, in the same order.
    """
    rows = []
    for number, (a, b) in enumerate(zip(later, earlier, strict=True)):
        if {row["clip"] for row in a.rows} != {row["clip"] for row in b.rows} or a.cache_hash != b.cache_hash:
            raise ValueError(f"results {number} are not about the same clips")
        rows += of_seed(number, combined_rows([a], [b]))
    measured = [row for row in rows if row["accuracy"] is not None]
    if later[0].kind == "few-shot":
        return interval_over_rows(rows, subjects_of(rows), bounds=(-1.0, 1.0)), len(measured)
    return bootstrap_interval([row["accuracy"] for row in measured], subjects=subjects_of(measured)), len(
        measured
    )


def averaged(results: Sequence[Result]) -> Interval:
    """Mean of class means over the clips that were queries of all results; jackknife over subjects.

    Args:
        results: few-shot, on the same clips, one for each seed of training; each clip's mean counts.
    """
    rows = combined_rows(results)
    return interval_over_rows(rows, subjects_of(rows))


def of_seed(number: int, rows: Sequence[dict]) -> list[dict]:
    """Rows whose subjects are those of one seed."""
    return [row | {"subject": row["subject"] and (number, row["subject"])} for row in rows]


def subjects_of(rows: Sequence[dict]) -> list[Hashable] | None:
    """The subject of each row; None if one is not known, so that clips are drawn instead."""
    subjects = [row["subject"] for row in rows]
    return None if None in subjects else subjects
