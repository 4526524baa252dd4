"""Results as CSV tables for other programs: the clips, and the episodes."""

from __future__ import annotations

from pathlib import Path

from vidfer.evaluate.episodes import redraw
from vidfer.evaluate.hardest import NO_FACE
from vidfer.evaluate.result import Result
from vidfer.tables import write_table


def write_clip_table(result: Result, out: Path) -> None:
    """Write a CSV file with a row for every measured clip.

    Columns: ``clip``, ``subject``, ``label``, ``has_face`` (0 or 1), ``n_queries``, ``accuracy`` (0..1,
    empty for a clip that was never a query). Classification: ``predicted`` and ``probability``. Few-shot: how
    often each class was the answer, ``as <class>`` and ``as no face``.
    """
    columns = ["clip", "subject", "label", "has_face", "n_queries", "accuracy"]
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
    """Write the episodes of a few-shot result as a CSV file, so that other programs can use them.

    Columns: ``episode`` from 0, ``part`` (``support`` or ``query``), ``class`` and ``clip`` by name. The
    support of an episode comes before its queries; both are ordered by class.

    Returns:
        The number of episodes.

    Raises:
        ResultError: see :func:`vidfer.evaluate.episodes.redraw`.
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
