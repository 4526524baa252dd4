"""Tables, JSON and figure of the component study, from the result files of `vidfer eval`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from pooled import pooled, pooled_difference
from tables import markdown, percent, points

from vidfer.errors import SettingError
from vidfer.evaluate.intervals import Interval
from vidfer.evaluate.result import Result, load_result
from vidfer.files import write_json, write_text

from .components_steps import COLUMNS, ROWS, Settings, folder_of, steps
from .forest import Panel, draw_forest
from .steps import cpu_seconds

Results = Mapping[tuple[str, str], Sequence[Result]]
"""(row, column) -> a result for every seed."""


def find_cells(settings: Settings) -> tuple[list[int], Results]:
    """The seeds for which all rows are finished, and their results."""
    finished = cpu_seconds(steps(settings), settings.out)

    def file(seed: int, row: str, column: str) -> Path:
        return settings.out / f"seed{seed}" / folder_of(row) / column / "test" / "classification.json"

    keys = [(row, column) for row in settings.rows for column in COLUMNS]
    seeds = [
        seed
        for seed in settings.seeds
        if all(f"seed{seed}/{folder_of(row)}/eval_{column}" in finished for row, column in keys)
    ]
    return seeds, {key: [load_result(file(seed, *key)) for seed in seeds] for key in keys}


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One number of the table, pooled over the seeds."""

    row: str
    column: str
    war: Interval
    seeds: tuple[float, ...]
    """WAR of each seed."""
    to_first: Interval | None
    """Difference to the first row in the same column; None in the first row."""
    to_teacher: Interval | None
    """Difference to the teacher of the same row; None for the teacher."""


Cells = Mapping[tuple[str, str], Cell]
"""(row, column) -> its number."""


def table_cells(results: Results, rows: Sequence[str]) -> list[Cell]:
    """All cells, row by row, pooled over the seeds and compared on the same clips."""
    made = []
    for row in rows:
        for column in COLUMNS:
            ours, first, teacher = results[row, column], results[rows[0], column], results[row, "teacher"]
            made.append(
                Cell(
                    row=row,
                    column=column,
                    war=pooled(ours),
                    seeds=tuple(result.measures["WAR"].mean for result in ours),
                    to_first=None if row == rows[0] else pooled_difference(ours, first)[0],
                    to_teacher=None if column == "teacher" else pooled_difference(ours, teacher)[0],
                )
            )
    return made


def write_report(settings: Settings) -> str:
    """Write components.json, components.md and components.png into ``settings.out``.

    Returns:
        The tables as Markdown.

    Raises:
        SettingError: no seed is finished.
    """
    seeds, results = find_cells(settings)
    if not seeds:
        raise SettingError(f"no seed is finished in {settings.out}; run it without --report")
    cells = {(cell.row, cell.column): cell for cell in table_cells(results, settings.rows)}
    of_first = results[settings.rows[0], "teacher"]
    facts = {
        "n_clips": sum(result.n_clips for result in of_first),
        "n_subjects": sum(result.n_subjects for result in of_first),
        "chance": of_first[0].chance,
    }
    spent_s = cpu_seconds(steps(settings), settings.out)
    about = {
        "seeds": seeds,
        "budget": asdict(settings.budget),
        "rows": {row: ROWS[row] for row in settings.rows},
        **facts,
        "cells": [asdict(cell) for cell in cells.values()],
        "cpu_s": spent_s,
    }
    text = tables_text(cells, settings.rows, len(seeds), **facts)
    write_text(settings.out / "components.md", text + "\n")
    write_json(settings.out / "components.json", about)
    draw_figure(cells, settings.rows, facts["chance"], settings.out / "components.png")
    return text + f"\n\n{sum(spent_s.values()) / 60:.0f} CPU minutes so far"


def tables_text(
    cells: Cells, rows: Sequence[str], n_seeds: int, *, n_clips: int, n_subjects: int, chance: float
) -> str:
    """The table of accuracies and the table of differences, as Markdown."""
    where = f"{n_clips} test clips of {n_subjects} actors, {n_seeds} seed{'s' if n_seeds > 1 else ''}"
    accuracies = markdown(
        [f"WAR = UAR, {where}", *COLUMNS.values()],
        [[row, *(percent(cells[row, column].war) for column in COLUMNS)] for row in rows],
    )
    lines = []
    for row in rows:
        differences = [cells[row, column].to_first for column in COLUMNS]
        lines.append([row, *map(points, [*differences, cells[row, "student2"].to_teacher])])
    gains = markdown([f"minus '{rows[0]}', points", *COLUMNS.values(), "round 2 minus teacher"], lines)
    about = (
        f"95 % bootstrap intervals, by actor over all seeds; differences are over the same clips. "
        f"Chance {100 * chance:.1f} %. Drawn actors, not people."
    )
    return f"{accuracies}\n\n{gains}\n\n{about}"


def draw_figure(cells: Cells, rows: Sequence[str], chance: float, path: Path) -> None:
    """Accuracies and differences side by side."""
    panels = [
        Panel(
            title="accuracy",
            label="WAR on clips of unseen actors (dotted: chance)",
            line=chance,
            series={name: [cells[row, column].war for row in rows] for column, name in COLUMNS.items()},
        ),
        Panel(
            title="difference in the same column",
            label=f"WAR minus '{rows[0]}', points",
            line=0.0,
            points=True,
            series={name: [cells[row, column].to_first for row in rows] for column, name in COLUMNS.items()},
        ),
    ]
    draw_forest(rows, panels, path)
