"""Which region and which attention does what, on wild actors (docs/results/components.md).

    nohup python tools/study.py components --out components > components.txt 2>&1 &

Each row of the table is a network with a part switched off: a teacher and the students of two rounds. Started
again, the study goes on where it stopped. `--report` runs nothing: it makes the table from what is finished.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from pooled import pooled, pooled_difference
from tables import markdown, percent, points

from vidfer.errors import SettingError
from vidfer.evaluate.intervals import Interval
from vidfer.evaluate.result import Result, load_result
from vidfer.files import write_json, write_text

from .forest import Panel, draw_forest
from .steps import Step, cpu_seconds, in_repository, run_steps

FULL = "all regions, all attention"
ROWS = {
    FULL: "",
    "face alone": "--model.regions face",
    "eyes alone": "--model.regions eyes",
    "mouth alone": "--model.regions mouth",
    "no attention, plain means": "--model.spatial-attention mean --model.region-attention mean "
    "--model.frame-attention mean",
    "without spatial attention": "--model.spatial-attention mean",
    "without region attention": "--model.region-attention mean",
    "without frame attention": "--model.frame-attention mean",
    "frame attention: sigmoid": "--model.frame-attention sigmoid",
    "frame attention: relation": "--model.frame-attention relation",
}
"""Name of a row -> options of its network. A row of a single region keeps all attention; the other rows keep
all regions."""

COLUMNS = {"teacher": "teacher", "student1": "student, round 1", "student2": "student, round 2"}
"""Run folder -> what the column is called."""

KEPT = "checkpoints/last"
"""Not the best on validation: with a few dozen clips the best of many epochs is luck."""

STUDENT = (
    "--from-teacher --optimiser.lr 1e-3 --train.epochs 5 --train.batch-size 4 --pseudo.ratio 2 "
    "--train.ema-decay 0.98"
)


@dataclass(frozen=True, kw_only=True)
class Budget:
    """How much of everything, the same for all rows. A text holds options of a command."""

    actors: str = (
        "--fps 10 --min-duration-s 0.6 --max-duration-s 0.8 --train-per-class 30 --train-subjects 30 "
        "--val-per-class 4 --val-subjects 4 --test-per-class 50 --test-subjects 50 --novel-per-class 0 "
        "--unlabelled 420 --unlabelled-subjects 84"
    )
    """Options of `vidfer actors`; few frames a second are enough, because the network sees few of them."""
    crop_px: int = 48
    """Side of the crops in the cache, in pixels."""
    network: str = "--model.width 8 --model.input-px 48 --model.dropout 0.2"
    """Options of recipes/supervised.py that choose the network."""
    frames: int = 3
    """Frames of each clip."""
    teacher: str = "--train.epochs 36 --train.batch-size 8 --train.ema-decay 0.98 --noise.magnitude 0.5"
    """Options of recipes/supervised.py for the teacher."""
    student1: str = STUDENT
    """Options of recipes/noisy_student.py in round 1."""
    student2: str = STUDENT
    """Options of recipes/noisy_student.py in round 2, whose teacher is the student of round 1."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Which region and which attention does what, on wild actors."""

    out: Path = Path("components")
    """Folder for everything that is made."""
    seeds: tuple[int, ...] = (1, 2, 3)
    """Each seed has its own actors and networks. All rows of a seed see the same actors."""
    rows: tuple[str, ...] = tuple(ROWS)
    """Rows of the table to run; the others are compared with the first one."""
    jobs: int = 1
    """Commands that run at a time, one thread each."""
    report: bool = False
    """Run nothing; make table and figure from the seeds that are finished."""
    budget: Budget = field(default_factory=Budget)

    def __post_init__(self) -> None:
        unknown = [row for row in self.rows if row not in ROWS]
        if unknown or not self.rows:
            raise SettingError(f"no row '{' '.join(unknown)}'; choose from: {', '.join(map(repr, ROWS))}")


def folder_of(row: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in row).replace("__", "_")


def steps(settings: Settings) -> list[Step]:
    """All commands, seed by seed, so that one finished seed is a whole table."""
    budget, made = settings.budget, []
    for seed in settings.seeds:
        out = in_repository(settings.out) / f"seed{seed}"
        cache = f"{out}/actors.h5"
        made += [
            Step(
                name=f"seed{seed}/actors",
                command=f"vidfer actors --out {out}/actors --setting wild --seed {seed} {budget.actors}",
            ),
            Step(
                name=f"seed{seed}/cache",
                command=f"vidfer cache --src actors --root {out}/actors --out {cache} --workers 1 "
                f"--size-px {budget.crop_px}",
                after=(f"seed{seed}/actors",),
            ),
        ]
        for row in settings.rows:
            made += cell_steps(budget, seed, row, out / folder_of(row), cache)
    return made


def cell_steps(budget: Budget, seed: int, row: str, run: Path, cache: str) -> list[Step]:
    """Teacher and students of one row and seed, each evaluated on the test actors."""
    prefix = f"seed{seed}/{folder_of(row)}"
    train = f"--cache {cache} --resume --tracker none --seed {seed} --data.frames {budget.frames}"
    # Each round is a command of its own: --rounds 2 would start round 2 from the best on validation.
    student = f"python recipes/noisy_student.py {train} --teacher {run}"
    commands = {
        "teacher": f"python recipes/supervised.py {train} --out {run}/teacher {budget.network} {ROWS[row]} "
        f"{budget.teacher}",
        "student1": f"{student}/teacher/{KEPT} --out {run}/student1 {budget.student1}",
        "student2": f"{student}/student1/{KEPT} --out {run}/student2 {budget.student2}",
    }
    made, before = [], f"seed{seed}/cache"
    for who, command in commands.items():
        made += [
            Step(name=f"{prefix}/{who}", command=" ".join(command.split()), after=(before,)),
            Step(
                name=f"{prefix}/eval_{who}",
                command=f"vidfer eval --checkpoint {run}/{who}/{KEPT} --cache {cache} --out {run}/{who}/test",
                after=(f"{prefix}/{who}",),
            ),
        ]
        before = f"{prefix}/{who}"
    return made


Cells = Mapping[tuple[str, str], Sequence[Result]]
"""(row, column) -> a result for every seed."""


def find_cells(settings: Settings) -> tuple[list[int], Cells]:
    """The seeds for which all rows are finished, and their results."""
    finished = cpu_seconds(steps(settings), settings.out)

    def file(seed: int, row: str, who: str) -> Path:
        return settings.out / f"seed{seed}" / folder_of(row) / who / "test" / "classification.json"

    keys = [(row, who) for row in settings.rows for who in COLUMNS]
    seeds = [
        seed
        for seed in settings.seeds
        if all(f"seed{seed}/{folder_of(row)}/eval_{who}" in finished for row, who in keys)
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


def table_cells(cells: Cells, rows: Sequence[str]) -> list[Cell]:
    """All cells, row by row, pooled over the seeds and compared on the same clips."""
    made = []
    for row in rows:
        for who in COLUMNS:
            results = cells[row, who]
            first, teacher = cells[rows[0], who], cells[row, "teacher"]
            made.append(
                Cell(
                    row=row,
                    column=who,
                    war=pooled(results),
                    seeds=tuple(result.measures["WAR"].mean for result in results),
                    to_first=None if row == rows[0] else pooled_difference(results, first)[0],
                    to_teacher=None if who == "teacher" else pooled_difference(results, teacher)[0],
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
    rows = settings.rows
    seeds, found = find_cells(settings)
    if not seeds:
        raise SettingError(f"no seed is finished in {settings.out}; run it without --report")
    cells = table_cells(found, rows)
    place = {(cell.row, cell.column): cell for cell in cells}
    one = found[rows[0], "teacher"]
    clips, subjects = sum(r.n_clips for r in one), sum(r.n_subjects for r in one)
    where = f"{clips} test clips of {subjects} actors, {len(seeds)} seed{'s' if len(seeds) > 1 else ''}"
    accuracies = markdown(
        [f"WAR = UAR, {where}", *COLUMNS.values()],
        [[row, *(percent(place[row, who].war) for who in COLUMNS)] for row in rows],
    )
    gains = markdown(
        [f"minus '{rows[0]}', points", *COLUMNS.values(), "round 2 minus teacher"],
        [
            [
                row,
                *map(
                    points,
                    (*(place[row, who].to_first for who in COLUMNS), place[row, "student2"].to_teacher),
                ),
            ]
            for row in rows
        ],
    )
    about = (
        f"95 % bootstrap intervals, by actor over all seeds; differences are over the same clips. "
        f"Chance {100 * one[0].chance:.1f} %. Drawn actors, not people."
    )
    text = f"{accuracies}\n\n{gains}\n\n{about}"
    write_text(settings.out / "components.md", text + "\n")
    spent = cpu_seconds(steps(settings), settings.out)
    write_json(
        settings.out / "components.json",
        {
            "seeds": seeds,
            "budget": asdict(settings.budget),
            "rows": {row: ROWS[row] for row in rows},
            "n_clips": clips,
            "n_subjects": subjects,
            "chance": one[0].chance,
            "cells": [asdict(cell) for cell in cells],
            "cpu_s": spent,
        },
    )
    panels = [
        Panel(
            title="accuracy",
            label="WAR on clips of unseen actors (dotted: chance)",
            line=one[0].chance,
            series={name: [place[row, who].war for row in rows] for who, name in COLUMNS.items()},
        ),
        Panel(
            title="difference in the same column",
            label=f"WAR minus '{rows[0]}', points",
            line=0.0,
            points=True,
            series={name: [place[row, who].to_first for row in rows] for who, name in COLUMNS.items()},
        ),
    ]
    draw_forest(rows, panels, settings.out / "components.png")
    return text + f"\n\n{sum(spent.values()) / 60:.0f} CPU minutes so far"


def main(settings: Settings) -> None:
    if not settings.report:
        run_steps(steps(settings), settings.out, jobs=settings.jobs)
    print(write_report(settings))
    print(f"\nin {settings.out}: components.md, components.json, components.png")
