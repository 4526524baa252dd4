"""What a noisy student's recipe tells about the pseudo-labels of a round."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vidfer.learn.label_round import RoundLabels


def round_lines(number: int, found: RoundLabels) -> list[str]:
    """Lines for the terminal: calibration, number of selected clips, and corrections.

    Args:
        number: of the round, from 1.
        found: its pseudo-labels.
    """
    from vidfer.evaluate.intervals import wilson_interval

    counts, lines = found.summary, list(found.notes)
    lines.append(
        f"{counts['selected']} of {counts['clips']} pseudo-labelled clips are selected, {counts['pool']} "
        f"with repetitions: {counts['pool_per_class']}"
    )
    if counts["corrected"]:
        line = f"people have corrected {counts['corrected']} clips"
        # People who write down mistakes only do not tell how often the teacher is right.
        if counts["right"]:
            right = wilson_interval(counts["right"], counts["checked"])
            line += f"; the teacher is right in {right} that were checked in this round"
        lines.append(line)
    if found.late_corrections:
        lines.append(
            f"{found.late_corrections} corrections in {found.table} came after the student had started; the "
            f"next round uses them, and so does a new run with --corrections {found.table}"
        )
    return [f"round {number}: {line}" for line in lines]
