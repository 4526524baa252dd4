"""The five systems and the baselines on the same few-shot episodes (figure 2 of docs/results.md).

    nohup python tools/systems.py --out systems --images muxspace --unlabelled clips --released released \
        --face-mesh runs/face_mesh > systems.txt 2>&1 &

Each is trained on base classes and judged on novel ones by `vidfer eval`, on the same clips and episodes.
Started again, it goes on where it stopped. `--report` runs nothing: tables from what is finished.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

import tyro
from study import Step, cpu_seconds, in_repository, run_steps
from systems_plan import PLAN_BASIC, PLAN_COMPOUND, PLAN_IMAGES, RUNS, SYSTEMS, TASKS, Plan
from systems_report import Row, Table, check_rows, read_row, write_tables

from vidfer.errors import VidferError, exit_on_user_error

ACTORS_SEED = 4
"""Not that of the trial by which sizes were found."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The five systems and the baselines on the same episodes."""

    out: Path = Path("systems")
    """Folder for everything that is made."""
    only: tuple[Literal["basic", "compound", "images"], ...] = ("basic", "compound", "images")
    """The tasks: actors with novel basic expressions, actors with novel compound ones, images of people."""
    systems: tuple[str, ...] = tuple(SYSTEMS)
    """Rows to run; those that one starts from are trained, too."""
    images: Path | None = None
    """Images for the task of that name: a folder for each label, files named after the person (NAME_1.jpg);
    without it, that task is left out."""
    unlabelled: Path | None = None
    """Folder of more images or clips for the student of that task, labels or not; without it, no student."""
    released: Path | None = None
    """Folder of released CSRN checkpoints, each made by tools/import_csrn.py: peers in that task, on the
    crops of the others and on whole pictures, which is what they were trained on."""
    face_mesh: Path | None = None
    """Checkpoint made by tools/import_face_mesh.py; without it, no system with face points."""
    seeds: tuple[int, ...] = (0,)
    """Of training; accuracies are means over them. Actors and episodes are the same for all."""
    episodes: int = 600
    """Few-shot episodes to judge by."""
    reference: str = "prototypical"
    """System that differences are to."""
    kept: Literal["last", "best"] = "last"
    """Which checkpoint is judged: the last, or the best on validation (base classes)."""
    jobs: int = 1
    """Commands at a time, one thread each."""
    report: bool = False
    """Run nothing, and make tables and figure from what is finished."""
    plan_basic: Plan = field(default_factory=lambda: PLAN_BASIC)
    plan_compound: Plan = field(default_factory=lambda: PLAN_COMPOUND)
    plan_images: Plan = field(default_factory=lambda: PLAN_IMAGES)

    def __post_init__(self) -> None:
        for name in (*self.systems, self.reference):
            if name not in SYSTEMS:
                raise VidferError(f"no system '{name}'; choose from {', '.join(SYSTEMS)}")


def tasks_of(settings: Settings) -> list[str]:
    """Those that can run: without images, not the one on them."""
    return [name for name in settings.only if name != "images" or settings.images]


def plan_of(settings: Settings, task: str) -> Plan:
    return getattr(settings, f"plan_{task}")


def needed(systems: Sequence[str]) -> set[str]:
    """These runs, and those that they start from."""
    runs = set(systems)
    for name in reversed(RUNS):
        if name in runs and RUNS[name].init:
            runs.add(RUNS[name].init.split()[1])
    return runs


def systems_of(settings: Settings, task: str) -> list[str]:
    """The rows of a task, in the order of :data:`SYSTEMS`."""
    without = {"student", "student_csrn"} if task == "images" and not settings.unlabelled else set()
    if settings.face_mesh is None:
        without |= {name for name, run in RUNS.items() if run.points}
    return [name for name in SYSTEMS if name in settings.systems and name not in without]


def peers_of(settings: Settings, task: str) -> dict[str, tuple[Path, str]]:
    """Released checkpoints, and the cache that they see, by the name of their row.

    Raises:
        VidferError: there is none where they should be.
    """
    if task != "images" or settings.released is None:
        return {}
    found = sorted(config.parent for config in settings.released.glob("*/config.json"))
    if not found:
        raise VidferError(f"no checkpoint in {settings.released}; make some there with tools/import_csrn.py")
    crops = {"": "cache", ", whole pictures": "pictures"}
    return {f"released {f.name}{how}": (f, cache) for how, cache in crops.items() for f in found}


def folder_of(peer: str) -> str:
    """Where the results of a row of :func:`peers_of` are."""
    return peer.replace(",", "").replace(" ", "_")


def steps(settings: Settings) -> list[Step]:
    """All commands, task by task, seed by seed."""
    return [step for task in tasks_of(settings) for step in task_steps(settings, task)]


def task_steps(settings: Settings, task: str) -> list[Step]:
    """Data, training and evaluation of one task."""
    plan, out = plan_of(settings, task), in_repository(settings.out) / task
    cache = f"{out}/cache.h5"
    made = data_steps(settings, task)
    ready = f"{task}/cache"
    systems = systems_of(settings, task)
    for seed in settings.seeds:
        folder = out / f"seed{seed}"
        for name in [name for name in RUNS if name in needed(systems)]:
            run = RUNS[name]
            option, _, start = run.init.partition(" ")
            frames = plan.conv4_frames if run.plan in ("conv4", "csrn") else plan.frames
            others = name == "student" and task == "images"
            parts = [
                f"{run.recipe} --cache {cache} --out {folder}/{name} --resume --tracker none --seed {seed}",
                f"--data.frames {frames} --data.classes {TASKS[task].base}",
                f"--data.novel {TASKS[task].novel}",
                f"{option} {folder}/{start}/checkpoints/{settings.kept}" if start else "",
                f"--init {in_repository(settings.face_mesh)}" if run.points else "",
                f"--unlabelled {out}/unlabelled.h5" if others else "",
                run.options,
                getattr(plan, run.plan),
            ]
            train = Step(
                name=f"{task}/seed{seed}/{name}",
                command=" ".join(" ".join(parts).split()),
                after=(
                    f"{task}/seed{seed}/{start}" if start else ready,
                    *([f"{task}/unlabelled"] if others else []),
                ),
            )
            made.append(train)
            if name in systems:
                checkpoint = folder / name / "checkpoints" / settings.kept
                made += eval_steps(settings, task, train.name, checkpoint, folder / name)
    for name, (checkpoint, seen) in peers_of(settings, task).items():
        slug, peer = folder_of(name), in_repository(checkpoint)
        made += eval_steps(
            settings, task, f"{task}/{slug}", peer, out / slug, cache=seen, after=f"{task}/{seen}"
        )
    return made


def data_steps(settings: Settings, task: str) -> list[Step]:
    """What makes the caches of a task."""
    plan, out = plan_of(settings, task), in_repository(settings.out) / task
    cut = f"--size-px {plan.crop_px} --workers 1"
    if task != "images":
        draw = (
            f"vidfer actors --out {out}/actors --setting wild --seed {ACTORS_SEED} "
            f"--base-labels {TASKS[task].base} --novel-labels {TASKS[task].novel} {plan.actors}"
        )
        cache = f"vidfer cache --src actors --root {out}/actors --out {out}/cache.h5 {cut}"
        return [
            Step(name=f"{task}/actors", command=draw),
            Step(name=f"{task}/cache", command=cache, after=(f"{task}/actors",)),
        ]
    root, pattern = in_repository(settings.images), r"'(.+)_\d+'"
    command = f"vidfer cache --src folder:faces --root {root} --subject-pattern {pattern} {cut}"
    made = [Step(name=f"{task}/cache", command=f"{command} --out {out}/cache.h5")]
    if settings.released:
        whole = f"{command} --face picture --out {out}/pictures.h5"
        made.append(Step(name=f"{task}/pictures", command=whole))
    if settings.unlabelled:
        root = in_repository(settings.unlabelled)
        command = f"vidfer cache --src folder --root {root} --out {out}/unlabelled.h5 {cut}"
        made.append(Step(name=f"{task}/unlabelled", command=command))
    return made


def eval_steps(
    settings: Settings,
    task: str,
    name: str,
    checkpoint: Path,
    out: Path,
    *,
    cache: str = "cache",
    after: str | None = None,
) -> list[Step]:
    """One for each protocol."""
    file = f"{in_repository(settings.out)}/{task}/{cache}.h5"
    return [
        Step(
            name=f"{name}/eval_{protocol.folder}",
            command=f"vidfer eval --checkpoint {checkpoint} --cache {file} --novel {TASKS[task].novel} "
            f"--ways {protocol.ways} --shots {protocol.shots} --episodes {settings.episodes} "
            f"--frames {plan_of(settings, task).eval_frames} --seed 0 --out {out}/{protocol.folder}"
            + (" --other-people" if protocol.other_people else ""),
            after=(after or name,),
        )
        for protocol in TASKS[task].protocols
    ]


def chain(name: str) -> list[str]:
    """The runs that one starts from, and itself."""
    start = RUNS[name].init
    return [*chain(start.split()[1]), name] if start else [name]


def collect(settings: Settings) -> list[Table]:
    """A table for each protocol, of the rows that are finished for all seeds."""
    spent = cpu_seconds(steps(settings), settings.out)
    tables = []
    for task in tasks_of(settings):
        out = settings.out / task
        for protocol in TASKS[task].protocols:
            asked = protocol.folder
            rows: list[Row] = []
            for name in systems_of(settings, task):
                runs = [f"{task}/seed{seed}/{run}" for seed in settings.seeds for run in chain(name)]
                cpu_s = sum(spent.get(run, 0.0) for run in runs) / len(settings.seeds)
                folders = [f"seed{seed}/{name}" for seed in settings.seeds]
                if all(f"{task}/{folder}/eval_{asked}" in spent for folder in folders):
                    rows.append(read_row(SYSTEMS[name], [out / folder / asked for folder in folders], cpu_s))
            for name in peers_of(settings, task):
                folder = folder_of(name)
                if f"{task}/{folder}/eval_{asked}" in spent:
                    rows.append(read_row(name, [out / folder / asked], None))
            if rows:
                check_rows(rows)
                title = TASKS[task].title
                tables.append(Table(task=task, title=title, protocol=protocol, rows=tuple(rows)))
    return tables


def report(settings: Settings) -> str:
    """The tables of what is finished; their files in ``settings.out``.

    Raises:
        VidferError: nothing is finished.
    """
    tables = collect(settings)
    if not tables:
        raise VidferError(f"nothing is finished in {settings.out}; run it without --report")
    spent = cpu_seconds(steps(settings), settings.out)
    about = {
        "seeds": settings.seeds,
        "kept": settings.kept,
        "plans": {task: asdict(plan_of(settings, task)) for task in tasks_of(settings)},
        "commands": [step.command for step in steps(settings)],
        "cpu_s": spent,
    }
    text = write_tables(tables, SYSTEMS[settings.reference], about, settings.out)
    return f"{text}\n\n{sum(spent.values()) / 60:.0f} CPU minutes so far"


def main(settings: Settings) -> None:
    if not tasks_of(settings):
        raise VidferError("nothing to do: the task images needs --images DIR")
    if not settings.report:
        run_steps(steps(settings), settings.out, jobs=settings.jobs)
    print(report(settings))
    print(f"\nin {settings.out}: systems.md, systems.json, systems_TASK.png")


if __name__ == "__main__":
    with exit_on_user_error("systems.py"):
        main(tyro.cli(Settings, description=__doc__))
