"""All systems on the same few-shot episodes (docs/results/systems_actors.md and docs/results/images.md).

    nohup python tools/study.py systems --out systems --images muxspace --unlabelled clips \
        --released released --face-landmarker face_landmarker.task > systems.txt 2>&1 &

Each system is trained on base classes. `vidfer eval` evaluates all of them on novel classes, on the same
clips and episodes. Started again, the study goes on where it stopped. `--report` runs nothing: it makes the
tables from what is finished.
"""

from __future__ import annotations

from dataclasses import asdict

from vidfer.errors import SettingError

from .steps import cpu_seconds, run_steps
from .systems_settings import Settings
from .systems_setup import RUNS, SYSTEMS, TASKS
from .systems_steps import peer_folder, peers_of, steps, systems_of, tasks_of
from .systems_tables import Row, Table, check_rows, read_row, write_tables


def start_chain(name: str) -> list[str]:
    """The runs that a run starts from, first to last, and the run itself."""
    start = RUNS[name].starts_from
    return [*start_chain(start), name] if start else [name]


def collect(settings: Settings) -> list[Table]:
    """One table for each protocol of each task, of the rows that are finished for all seeds."""
    spent_s = cpu_seconds(steps(settings), settings.out)
    tables = []
    for task in tasks_of(settings):
        out = settings.out / task
        for protocol in TASKS[task].protocols:
            rows: list[Row] = []
            for name in systems_of(settings, task):
                runs = [f"{task}/seed{seed}/{run}" for seed in settings.seeds for run in start_chain(name)]
                cpu_s = sum(spent_s.get(run, 0.0) for run in runs) / len(settings.seeds)
                folders = [f"seed{seed}/{name}" for seed in settings.seeds]
                if all(f"{task}/{folder}/eval_{protocol.folder}" in spent_s for folder in folders):
                    results = [out / folder / protocol.folder for folder in folders]
                    rows.append(read_row(SYSTEMS[name], results, cpu_s))
            for name in peers_of(settings, task):
                folder = peer_folder(name)
                if f"{task}/{folder}/eval_{protocol.folder}" in spent_s:
                    rows.append(read_row(name, [out / folder / protocol.folder], None))
            if rows:
                check_rows(rows)
                title = TASKS[task].title
                tables.append(Table(task=task, title=title, protocol=protocol, rows=tuple(rows)))
    return tables


def report(settings: Settings) -> str:
    """Write tables, JSON and figures of what is finished into ``settings.out``, and give the tables.

    Raises:
        SettingError: nothing is finished.
    """
    tables = collect(settings)
    if not tables:
        raise SettingError(f"nothing is finished in {settings.out}; run it without --report")
    spent_s = cpu_seconds(steps(settings), settings.out)
    about = {
        "seeds": settings.seeds,
        "kept": settings.kept,
        "budgets": {task: asdict(settings.budget_of(task)) for task in tasks_of(settings)},
        "commands": [step.command for step in steps(settings)],
        "cpu_s": spent_s,
    }
    text = write_tables(tables, SYSTEMS[settings.reference], about, settings.out)
    return f"{text}\n\n{sum(spent_s.values()) / 60:.0f} CPU minutes so far"


def main(settings: Settings) -> None:
    if not tasks_of(settings):
        raise SettingError("nothing to do: the task images needs --images DIR")
    if not settings.report:
        run_steps(steps(settings), settings.out, jobs=settings.jobs)
    print(report(settings))
    print(f"\nin {settings.out}: systems.md, systems.json, systems_TASK.png")
