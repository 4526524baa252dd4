"""What one model gets right beyond another, over the clips that both were asked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vidfer.evaluate.intervals import Interval, paired_difference
from vidfer.evaluate.result import Result

MEASURES = {"classification": ("WAR", "UAR"), "few-shot": ("accuracy",)}
"""Kind of result -> its measures that are compared, by their names in result files."""


def difference(
    later: Sequence[Result], earlier: Sequence[Result], measure: str
) -> tuple[Interval, int] | None:
    """Later minus earlier, in -1..1, with a bootstrap over subjects, where not known over clips.

    Args:
        later, earlier: results on the same clips; of several, such as seeds of one method, each clip's mean
            over them counts.
        measure: one of :data:`MEASURES`.

    Returns:
        The interval and the number of clips that it is over; None without a clip asked in all of the results.
    """
    results = [*later, *earlier]
    tables = [{row["clip"]: row for row in result.rows if row["asked"]} for result in results]
    clips = [clip for clip in tables[0] if all(clip in table for table in tables)]
    if not clips:
        return None
    accuracies = np.array([[table[clip]["accuracy"] for clip in clips] for table in tables], dtype=float)
    rows = [tables[0][clip] for clip in clips]
    subjects = [row["subject"] for row in rows]
    interval = paired_difference(
        accuracies[: len(later)].mean(0),
        accuracies[len(later) :].mean(0),
        # UAR and few-shot accuracy weigh classes alike.
        classes=None if measure == "WAR" else [row["label"] for row in rows],
        # Clips of one person are not independent of one another.
        subjects=None if None in subjects else subjects,
        seed=results[0].seed,
    )
    return interval, len(clips)
