"""Results as tables for other programs: a row for every clip, and the episodes."""

from __future__ import annotations

from pathlib import Path

from vidfer.evaluate.episodes import redraw
from vidfer.evaluate.hardest import NO_FACE
from vidfer.evaluate.result import Result
from vidfer.tables import write_table


def write_clip_table(result: Result, out: Path) -> None:
    """Write a CSV file with a row for every clip that was measured.

    Columns: ``clip``, ``subject``, ``label``, ``has_face`` (0 or 1), ``asked``, ``accuracy`` (0..1, empty for
    a clip that was never asked for); of a classification ``predicted`` and ``probability``; of few-shot
    episodes how often it was taken for each class, ``as <class>`` and ``as no face``.
    """
    columns = ["clip", "subject", "label", "has_face", "asked", "accuracy"]
    few = result.kind == "few-shot"
    answers = [*result.classes, NO_FACE] if few and all("answers" in row for row in result.rows) else []
    columns += ["confused_with"] if few else ["predicted", "probability"]
    write_table(
        out,
        [*columns, *(f"as {name}" for name in answers)],
        (
            [
                *(int(row[name]) if name == "has_face" else row[name] for name in columns),
                *(row["answers"].get(name, 0) for name in answers),
            ]
            for row in result.rows
        ),
    )


def write_episodes(result: Result, out: Path) -> int:
    """Write the episodes of a few-shot result as a CSV file, for other programs to be asked the same.

    Columns: ``episode`` from 0, ``part`` (``support`` or ``query``), ``class`` and ``clip`` by name. Rows are
    in the order of the episodes, within each support before queries, both ordered by class.

    Returns:
        The number of episodes.

    Raises:
        VidferError: not a few-shot result of one evaluation, or one whose episodes cannot be drawn again.
    """
    episodes = redraw(result)
    rows = []
    for number in range(len(episodes)):
        for part in ("support", "query"):
            for position in getattr(episodes, part)[number]:
                clip = result.rows[position]
                rows.append((number, part, clip["label"], clip["clip"]))
    write_table(out, ["episode", "part", "class", "clip"], rows)
    return len(episodes)
