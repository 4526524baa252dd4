"""Tables, JSON and figures of the study of all systems, from the result files of `vidfer eval`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from pooled import averaged
from tables import markdown, percent, points

from vidfer.evaluate.comparison import check_same
from vidfer.evaluate.intervals import Interval
from vidfer.evaluate.paired import paired_difference
from vidfer.evaluate.result import Result, load_result
from vidfer.files import write_json, write_text

from .forest import Panel, draw_forest
from .systems_setup import Protocol


@dataclass(frozen=True, kw_only=True)
class Row:
    """A system in one protocol of a task."""

    name: str
    results: tuple[Result, ...]
    """One for each seed; a released checkpoint has just one."""
    cpu_s: float | None
    """CPU seconds of training with all that the system starts from, mean over the seeds; None for a released
    checkpoint."""

    @property
    def over_episodes(self) -> Interval:
        """Mean over the seeds of the accuracy and of both ends of its interval.

        All seeds meet the same episodes, so the interval is not narrower than that of one seed.
        """
        found = [result.measures["accuracy"] for result in self.results]
        mean, low, high = (
            float(np.mean([getattr(i, end) for i in found])) for end in ("mean", "low", "high")
        )
        return replace(found[0], mean=mean, low=low, high=high)

    @property
    def over_subjects(self) -> Interval:
        """Mean of class means over the clips, by subject; a clip counts with its mean over the seeds."""
        return averaged(self.results)


@dataclass(frozen=True, kw_only=True)
class Table:
    """All systems on the same episodes."""

    task: str
    title: str
    protocol: Protocol
    rows: tuple[Row, ...]

    def row(self, name: str) -> Row | None:
        return next((row for row in self.rows if row.name == name), None)

    def minus(self, name: str, other: str) -> Interval | None:
        """One row minus another over the same clips; None for a row minus itself, or if one is missing."""
        ours, theirs = self.row(name), self.row(other)
        if name == other or ours is None or theirs is None:
            return None
        found = paired_difference(ours.results, theirs.results, "accuracy")
        return None if found is None else found[0]

    @property
    def best_peer(self) -> str | None:
        """The released checkpoint with the highest accuracy over episodes."""
        peers = [row for row in self.rows if row.cpu_s is None]
        return max(peers, key=lambda row: row.over_episodes.mean).name if peers else None


def subjects_word(result: Result) -> str:
    """What the subjects are called: drawn actors are not people."""
    return "actors" if "actors" in result.sources else "people"


def table_text(table: Table, reference: str) -> str:
    """The table of a protocol as Markdown, below a line about its data."""
    first = table.rows[0].results[0]
    peer = table.best_peer
    subjects = subjects_word(first)
    head = [table.protocol.title, "over episodes", f"over {subjects}"]
    head.append(f"minus {reference}, points")
    head += [f"minus {peer}, points"] if peer else []
    lines = []
    for row in table.rows:
        minus = [points(table.minus(row.name, other)) for other in (reference, peer) if other]
        cost = "" if row.cpu_s is None else f"{row.cpu_s:.0f}"
        lines.append([row.name, percent(row.over_episodes), percent(row.over_subjects), *minus, cost])
    about = (
        f"{table.title}: {first.protocol['episodes']} episodes of {first.protocol['queries']} query "
        f"per class, seed {first.seed}, the same for all; {first.n_clips} clips"
        + (f" of {first.n_subjects} {subjects}" if first.n_subjects else "")
        + f", {first.n_without_face} without a face; chance {100 * first.chance:.1f} %."
    )
    return f"{about}\n\n{markdown([*head, 'training, CPU s'], lines)}"


NOTES = (
    "95 % intervals: over episodes mean ± 1.96 sd/√n; over actors or people, and of differences over the "
    "same clips, the jackknife, which counts clips as queries and as support. Training: prototypical and "
    "matching networks have the same number of episodes. The others have as many episodes or steps as cost "
    "about as much, or as they need to learn (tools/studies/systems_budgets.py). CPU seconds are of one "
    "thread and include the models that a system starts from."
)

SUPPORT_FIXED = (
    " Some results are of an older vidfer and do not say what a clip does as support. Intervals over people "
    "and of differences then treat the support set as fixed, and are too narrow."
)


def write_tables(tables: Sequence[Table], reference: str, about: dict, out: Path) -> str:
    """Writes systems.json, systems.md and a systems_TASK.png for each task into ``out``.

    Args:
        tables: one for each protocol of each task.
        reference: name of the row that the others are compared with.
        about: more entries of the JSON: settings and costs.
        out: folder of the study.

    Returns:
        The tables as Markdown.
    """
    results = [result for table in tables for row in table.rows for result in row.results]
    notes = NOTES + (SUPPORT_FIXED if any(result.support_fixed for result in results) else "")
    text = "\n\n".join([*(table_text(table, reference) for table in tables), notes])
    write_text(out / "systems.md", text + "\n")
    write_json(out / "systems.json", about | {"reference": reference, "tables": [as_json(t) for t in tables]})
    for task in dict.fromkeys(table.task for table in tables):
        draw_task([table for table in tables if table.task == task], out / f"systems_{task}.png")
    return text


def draw_task(tables: Sequence[Table], path: Path) -> None:
    """A figure with a panel for each protocol of a task."""
    names = list(dict.fromkeys(row.name for table in tables for row in table.rows))
    subjects = subjects_word(tables[0].rows[0].results[0])
    panels = []
    for table in tables:
        rows = [table.row(name) for name in names]
        series = {
            "over episodes": [row and row.over_episodes for row in rows],
            f"over {subjects}": [row and row.over_subjects for row in rows],
        }
        panels.append(
            Panel(
                title=table.protocol.title,
                label="accuracy (dotted: chance)",
                line=1 / table.protocol.ways,
                series=series,
            )
        )
    draw_forest(names, panels, path)


def as_json(table: Table) -> dict:
    """All numbers of a protocol, with every row minus every other."""
    names = [row.name for row in table.rows]

    def plain(interval: Interval | None) -> dict | None:
        return None if interval is None else asdict(interval)

    return {
        "task": table.task,
        "title": table.title,
        "ways": table.protocol.ways,
        "shots": table.protocol.shots,
        "person_disjoint": table.protocol.person_disjoint,
        "protocol": table.rows[0].results[0].protocol,
        "n_clips": table.rows[0].results[0].n_clips,
        "n_subjects": table.rows[0].results[0].n_subjects,
        "rows": [
            {
                "name": row.name,
                "over_episodes": plain(row.over_episodes),
                "over_subjects": plain(row.over_subjects),
                "seeds": [result.main.mean for result in row.results],
                "per_class": [result.per_class for result in row.results],
                "cpu_s": row.cpu_s,
                "minus": {other: plain(table.minus(row.name, other)) for other in names if other != row.name},
            }
            for row in table.rows
        ],
    }


def read_row(name: str, folders: Sequence[Path], cpu_s: float | None) -> Row:
    """Read a row from the folders of its results."""
    results = tuple(load_result(folder / "fewshot.json") for folder in folders)
    return Row(name=name, results=results, cpu_s=cpu_s)


def check_rows(rows: Sequence[Row]) -> None:
    """Check that all rows are about the same clips and episodes; released checkpoints may see other crops.

    Raises:
        ResultError: a row is about other clips or episodes.
    """
    first = rows[0]
    for row in rows:
        for result in row.results:
            check_same(first.name, first.results[0], row.name, result, same_crops=row.cpu_s is not None)
