"""The table of the study of few labels, from the result files of `vidfer eval`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from tables import markdown, percent, points

from vidfer.errors import SettingError
from vidfer.evaluate.intervals import Interval
from vidfer.evaluate.paired import paired_difference
from vidfer.evaluate.result import Result, load_result
from vidfer.files import write_json, write_text

from .labels_steps import CEILING, SYSTEMS, TEACHER, Settings, folder, steps
from .steps import cpu_seconds

Results = Mapping[int, Result]
"""Seed -> its result."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One system with one number of labels, over its finished seeds."""

    system: str
    per_class: int
    war: Interval
    uar: Interval
    seeds: Mapping[int, float]
    """WAR of each seed."""
    gain: Interval | None
    """WAR minus that of the supervised teacher, over the seeds that both have; None for the teacher."""
    way: float | None
    """Which share of the way from the teacher to the ceiling this is."""
    cpu_min: float
    """CPU minutes of its training, without that of its teacher; the mean over the seeds."""


def mean_of(results: Sequence[Result], measure: str) -> Interval:
    """The mean over seeds; the interval is over subjects, or over clips where these are not known."""
    return paired_difference(results, [], measure)[0]


def make_cell(
    system: str, per_class: int, ours: Results, teacher: Results, ceiling: Results, cpu_min: float
) -> Cell:
    """The numbers of a system, whose results are ``ours``."""
    gain = way = None
    if both := sorted(ours.keys() & teacher.keys() if system != TEACHER else ()):
        pair = [ours[seed] for seed in both], [teacher[seed] for seed in both]
        gain = paired_difference(*pair, "WAR")[0]
        if ceiling.keys() >= {*both}:
            whole = paired_difference([ceiling[seed] for seed in both], pair[1], "WAR")[0].mean
            way = gain.mean / whole if whole > 0 else None
    results = list(ours.values())
    return Cell(
        system=system,
        per_class=per_class,
        war=mean_of(results, "WAR"),
        uar=mean_of(results, "UAR"),
        seeds={seed: result.measures["WAR"].mean for seed, result in ours.items()},
        gain=gain,
        way=way,
        cpu_min=cpu_min,
    )


def find_cells(settings: Settings) -> tuple[list[Cell], Results]:
    """All cells with a finished seed, row by row, and the results of the ceiling."""
    spent_s = cpu_seconds(steps(settings), settings.out)

    def finished(system: str, per_class: int) -> dict[int, Result]:
        names = {seed: folder(system, per_class, seed) for seed in settings.seeds}
        return {
            seed: load_result(settings.out / name / "val" / "classification.json")
            for seed, name in names.items()
            if f"{name}_eval" in spent_s
        }

    ceiling, cells = finished(CEILING, 0), []
    for system in settings.rows():
        for per_class in settings.per_class:
            ours, teacher = finished(system, per_class), finished(TEACHER, per_class)
            if ours:
                cpu_s = sum(spent_s[folder(system, per_class, seed)] for seed in ours) / len(ours)
                cells.append(make_cell(system, per_class, ours, teacher, ceiling, cpu_s / 60))
    return cells, ceiling


def write_report(settings: Settings) -> str:
    """Write labels.json and labels.md into ``settings.out``, and give the tables as Markdown.

    Raises:
        SettingError: nothing is finished.
    """
    cells, ceiling = find_cells(settings)
    if not cells:
        raise SettingError(f"nothing is finished in {settings.out}; run it without --report")
    spent_s = cpu_seconds(steps(settings), settings.out)
    about = {
        "cache": settings.cache,
        "seeds": settings.seeds,
        "budget": asdict(settings.budget),
        "cells": [asdict(cell) for cell in cells],
        "ceiling": {seed: result.measures["WAR"].mean for seed, result in ceiling.items()},
        "commands": [step.command for step in steps(settings)],
        "cpu_s": spent_s,
    }
    text = tables_text(cells, ceiling, settings)
    write_text(settings.out / "labels.md", text + "\n")
    write_json(settings.out / "labels.json", {**about, "cache": str(settings.cache)})
    return text + f"\n\n{sum(spent_s.values()) / 60:.0f} CPU minutes so far"


def tables_text(cells: Sequence[Cell], ceiling: Results, settings: Settings) -> str:
    """Accuracies, gains over the teacher, and the share of the way to all labels, as Markdown."""
    by_place = {(cell.system, cell.per_class): cell for cell in cells}
    rows = [system for system in settings.rows() if any(cell.system == system for cell in cells)]

    def table(title: str, text, systems: Sequence[str]) -> str:
        head = [title, *(f"{number} labels a class" for number in settings.per_class)]
        lines = [
            [SYSTEMS[system], *(text(by_place.get((system, n))) for n in settings.per_class)]
            for system in systems
        ]
        return markdown(head, lines)

    def accuracy(cell: Cell | None) -> str:
        return "" if cell is None else percent(cell.war) + of_seeds(cell, settings)

    def gain(cell: Cell | None) -> str:
        if cell is None or cell.gain is None:
            return ""
        return points(cell.gain) + ("" if cell.way is None else f", {100 * cell.way:.0f} % of the way")

    def minutes(cell: Cell | None) -> str:
        return "" if cell is None else f"{cell.cpu_min:.1f}"

    parts = [table("WAR", accuracy, rows)]
    if ceiling:
        parts.append(f"Ceiling, all labels: {percent(mean_of(list(ceiling.values()), 'WAR'))}.")
    if students := [row for row in rows if row != TEACHER]:
        parts.append(table("minus supervised only, points", gain, students))
    parts.append(table("CPU minutes of the training", minutes, rows))
    clips = max(cell.war.n for cell in cells)
    parts.append(
        f"Means over seeds {' '.join(map(str, settings.seeds))}; [ ] are 95 % bootstrap intervals over "
        f"{clips} validation {cells[0].war.over}. The way is that from the teacher to the ceiling."
    )
    return "\n\n".join(parts)


def of_seeds(cell: Cell, settings: Settings) -> str:
    """How many of the seeds are finished, if not all."""
    return "" if len(cell.seeds) == len(settings.seeds) else f" (seeds {', '.join(map(str, cell.seeds))})"
