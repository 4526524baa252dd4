"""The main job as steps, from drawing actors to the report; the demo and the study `student` run them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pooled import pooled_difference
from tables import points

from vidfer.evaluate.result import load_result
from vidfer.percent import percent

from .steps import Step

NOVEL = "contempt happily_surprised sadly_fearful angrily_disgusted fearfully_surprised"
STUDENT = "--train.batch-size 8 --pseudo.ratio 3 --train.ema-decay 0.98"
"""Options of every student."""


@dataclass(frozen=True, kw_only=True)
class Budget:
    """How much of everything. A text holds options of a command."""

    actors: str
    setting: str = "wild"
    """Of the actors, see :mod:`vidfer.actors.conditions`."""
    crop_px: int
    network: str
    teacher: str
    students: tuple[str, ...]
    """Options of each round. The student of a round is the teacher of the next one."""
    relation: str
    """Options of the relation head, which starts from the first student."""


def steps(out: Path, budget: Budget, seed: int, prefix: str = "") -> list[Step]:
    """The steps, each after those that it needs.

    Args:
        out: folder for everything that is made.
        budget: how much of everything.
        seed: seed of actors, training and evaluation.
        prefix: stands before the name of each step.
    """
    train = "accelerate launch --config_file accelerate_config.yaml"
    data = f"--cache {out}/actors.h5 --resume --tracker none --seed {seed}"
    # The last checkpoint, not the best on validation: with a few dozen clips the best of many epochs is luck.
    # On actors of another seed, of which no figure is quoted, it cost the student five points.
    kept = "checkpoints/last"
    runs = runs_of(budget)
    evaluate = f"--cache {out}/actors.h5 --novel {NOVEL} --curve 1 2 3 5 --seed {seed}"
    made: list[Step] = []

    def add(name: str, command: str, *after: str) -> None:
        made.append(Step(name=prefix + name, command=command, after=tuple(prefix + one for one in after)))

    drawn = f"--setting {budget.setting} --seed {seed} --min-duration-s 0.5 {budget.actors}"
    add("actors", f"vidfer actors --out {out}/actors {drawn}")
    crops = f"--out {out}/actors.h5 --size-px {budget.crop_px}"
    add("cache", f"vidfer cache --src actors --root {out}/actors {crops}", "actors")
    add("inspect", f"vidfer inspect {out}/actors.h5", "cache")
    teacher = f"{budget.network} {budget.teacher}"
    add("teacher", f"{train} recipes/supervised.py --out {out}/teacher {data} {teacher}", "cache")
    for before, student, options in zip(runs, runs[1:], budget.students):
        start = f"--teacher {out}/{before}/{kept} {options}"
        add(student, f"{train} recipes/noisy_student.py --out {out}/{student} {data} {start}", before)
    head = f"--init {out}/student/{kept} --head csrn {budget.relation}"
    add("csrn", f"{train} recipes/fewshot.py --out {out}/csrn {data} {head}", "student")
    for run in (*runs, "csrn"):
        folder = f"--checkpoint {out}/{run}/{kept} --out {out}/results/{run}"
        add(f"eval_{run}", f"vidfer eval {folder} {evaluate}", run)
    folders = " ".join(f"{out}/{run}" for run in (*runs, "csrn"))
    results = " ".join(map(str, result_files(out, budget).values()))
    add(
        "report",
        f"vidfer report --runs {folders} --cache {out}/actors.h5 --results {results} --out {out}/report.html",
        "inspect",
        *(f"eval_{run}" for run in (*runs, "csrn")),
    )
    return made


def runs_of(budget: Budget) -> list[str]:
    """Folders of the teacher and of the student of each round."""
    return ["teacher", *("student" if n == 1 else f"student{n}" for n, _ in enumerate(budget.students, 1))]


def result_files(out: Path, budget: Budget) -> dict[tuple[str, str], Path]:
    """(run, kind of result) -> the file that `vidfer eval` leaves."""
    keys = [(run, kind) for kind in ("classification", "fewshot") for run in runs_of(budget)]
    return {(run, kind): out / "results" / run / f"{kind}.json" for run, kind in [*keys, ("csrn", "fewshot")]}


def result_table(folders: list[Path], budget: Budget) -> str:
    """Teacher and students side by side; of several seeds the mean, the lowest and the highest.

    Args:
        folders: one for each seed.
        budget: the one of the commands.
    """
    runs = runs_of(budget)
    found = [{key: load_result(path) for key, path in result_files(out, budget).items()} for out in folders]

    def cell(run: str, kind: str, measure: str) -> str:
        seeds = [results[run, kind].measures[measure] for results in found]
        mean = sum(one.mean for one in seeds) / len(seeds)
        if len(seeds) == 1:
            low, high = seeds[0].low, seeds[0].high
        else:
            low, high = min(one.mean for one in seeds), max(one.mean for one in seeds)
        return f"{100 * mean:.1f} % [{100 * low:.1f}, {100 * high:.1f}]"

    test, few = found[0]["teacher", "classification"], found[0]["teacher", "fewshot"]
    where = f"test, {test.n_clips} clips of {test.n_subjects} unseen actors"
    task = f"novel classes, {few.protocol['ways']}-way {few.protocol['shots']}-shot, {few.n_clips} clips"
    rows = [("", *runs, "chance")]
    for name in ("WAR", "UAR"):
        cells = (cell(run, "classification", name) for run in runs)
        rows.append((f"{name}, {where}", *cells, percent(test.chance, 1)))
    cells = (cell(run, "fewshot", "accuracy") for run in runs)
    rows.append((f"few-shot, {task}, nearest mean", *cells, percent(few.chance, 1)))
    csrn = ["" if run != "student" else cell("csrn", "fewshot", "accuracy") for run in runs]
    rows.append((f"few-shot, {task}, CSRN head", *csrn, percent(few.chance, 1)))
    widths = [max(len(row[c]) for row in rows) for c in range(len(rows[0]))]
    lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths)).rstrip() for row in rows]
    brackets = "95 % intervals" if len(folders) == 1 else f"lowest and highest of {len(folders)} seeds"
    lines += ["", f"[ ] are {brackets}."]
    for student in runs[1:]:
        for name, kind in (("WAR", "classification"), ("few-shot, nearest mean", "fewshot")):
            later, earlier = ([results[run, kind] for results in found] for run in (student, "teacher"))
            gain, clips = pooled_difference(later, earlier)
            lines.append(
                f"{student} - teacher, {name}, same clips: {points(gain)} points "
                f"(95 %, {clips} clips, drawn by subject)"
            )
    lines.append("Drawn actors: this shows that the machinery works, not how well people are recognised.")
    return "\n".join(lines)
