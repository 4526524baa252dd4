"""Results of several seeds, each with clips of its own, as if they were one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vidfer.evaluate.intervals import Interval, bootstrap_interval, paired_difference
from vidfer.evaluate.result import Result


def pooled(results: Sequence[Result]) -> Interval:
    """The share of right answers over the clips of all results, by a bootstrap over all their subjects.

    Args:
        results: of one kind, one for each seed. Subject 7 of one seed is nobody of another one.
    """
    rows = [(number, row) for number, result in enumerate(results) for row in result.rows if row["asked"]]
    return bootstrap_interval([row["accuracy"] for _, row in rows], subjects=people(rows))


def pooled_difference(later: Sequence[Result], earlier: Sequence[Result]) -> tuple[Interval, int]:
    """Later minus earlier over the same clips of all seeds, and the number of clips that both were asked.

    Args:
        later, earlier: results of the same seeds, in the same order.
    """
    ours, theirs, rows = [], [], []
    for number, (a, b) in enumerate(zip(later, earlier, strict=True)):
        other = {row["clip"]: row for row in b.rows}
        if other.keys() != {row["clip"] for row in a.rows} or a.cache_hash != b.cache_hash:
            raise ValueError(f"results {number} are not about the same clips")
        for row in a.rows:
            if row["asked"] and other[row["clip"]]["asked"]:
                ours.append(row["accuracy"])
                theirs.append(other[row["clip"]]["accuracy"])
                rows.append((number, row))
    return paired_difference(np.array(ours), np.array(theirs), subjects=people(rows)), len(rows)


def averaged(results: Sequence[Result]) -> Interval:
    """Mean of class means over the clips that all of the results were asked, by a bootstrap over subjects.

    Args:
        results: of one kind on the same clips, one for each seed of training; each clip's mean counts.
    """
    tables = [{row["clip"]: row for row in result.rows if row["asked"]} for result in results]
    clips = [clip for clip in tables[0] if all(clip in table for table in tables)]
    rows = [(0, tables[0][clip]) for clip in clips]
    return bootstrap_interval(
        np.mean([[table[clip]["accuracy"] for clip in clips] for table in tables], axis=0),
        classes=[row["label"] for _, row in rows],
        subjects=people(rows),
        seed=results[0].seed,
    )


def people(rows: Sequence[tuple[int, dict]]) -> list[tuple[int, str]] | None:
    """Who is drawn; None where somebody is not known, so that clips are."""
    subjects = [(number, row["subject"]) for number, row in rows]
    return None if any(subject is None for _, subject in subjects) else subjects
