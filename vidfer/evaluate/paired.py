"""What one model gets right beyond another, over the clips that both were asked."""

from __future__ import annotations

from collections.abc import Sequence

from vidfer.evaluate.clip_rows import combined_rows, over_clips
from vidfer.evaluate.intervals import Interval, bootstrap_interval
from vidfer.evaluate.result import Result

MEASURES = {"classification": ("WAR", "UAR"), "few-shot": ("accuracy",)}
"""Kind of result -> its measures that are compared, by their names in result files."""


def difference(
    later: Sequence[Result], earlier: Sequence[Result], measure: str
) -> tuple[Interval, int] | None:
    """Later minus earlier, in -1..1, with an interval over subjects, where not known over clips: of few-shot
    accuracy by the jackknife, of WAR and UAR by a bootstrap.

    Args:
        later, earlier: results on the same clips; of several, such as seeds of one method, each clip's mean
            over them counts.
        measure: one of :data:`MEASURES`.

    Returns:
        The interval and the number of clips that it is over; None without a clip asked in all of the results.
    """
    rows = combined_rows(later, earlier)
    asked = [row for row in rows if row["accuracy"] is not None]
    if not asked:
        return None
    # Clips of one person are not independent of one another.
    known = all(row["subject"] is not None for row in rows)
    if measure == "accuracy":
        # Also clips that were never asked for: as examples they took part.
        subjects = [row["subject"] for row in rows] if known else None
        return over_clips(rows, subjects, bounds=(-1.0, 1.0)), len(asked)
    interval = bootstrap_interval(
        [row["accuracy"] for row in asked],
        classes=None if measure == "WAR" else [row["label"] for row in asked],
        subjects=[row["subject"] for row in asked] if known else None,
        seed=later[0].seed,
    )
    return interval, len(asked)
