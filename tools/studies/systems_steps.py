"""The commands of the study of all systems: data, training and evaluation of each task."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from vidfer.errors import CheckpointError

from .steps import Step, in_repository
from .systems_settings import Settings
from .systems_setup import RUNS, SYSTEMS, TASKS, Run

ACTORS_SEED = 4
"""Not the seed of the trial in which the budgets were found."""


def tasks_of(settings: Settings) -> list[str]:
    """The tasks that can run; the one on images needs images."""
    return [name for name in settings.only if name != "images" or settings.images]


def systems_of(settings: Settings, task: str) -> list[str]:
    """The rows of a task, in the order of :data:`SYSTEMS`."""
    without = {"student", "student_csrn"} if task == "images" and not settings.unlabelled else set()
    if settings.face_landmarker is None:
        without |= {name for name, run in RUNS.items() if run.face_points}
    return [name for name in SYSTEMS if name in settings.systems and name not in without]


def runs_for(systems: Sequence[str]) -> list[str]:
    """The runs of these systems and those that they start from, each after its start."""
    needed = set(systems)
    for name in reversed(RUNS):
        if name in needed and RUNS[name].starts_from:
            needed.add(RUNS[name].starts_from)
    return [name for name in RUNS if name in needed]


def peers_of(settings: Settings, task: str) -> dict[str, tuple[Path, str]]:
    """Name of a row -> a released checkpoint and the name of the cache that it is evaluated on.

    Raises:
        CheckpointError: the folder has no checkpoint.
    """
    if task != "images" or settings.released is None:
        return {}
    found = sorted(config.parent for config in settings.released.glob("*/config.json"))
    if not found:
        raise CheckpointError(
            f"no checkpoint in {settings.released}; make some there with tools/import_csrn.py"
        )
    caches = {"": "cache", ", whole pictures": "pictures"}
    return {
        f"released {folder.name}{crops}": (folder, cache)
        for crops, cache in caches.items()
        for folder in found
    }


def peer_folder(peer: str) -> str:
    """Folder for the results of a row of :func:`peers_of`."""
    return peer.replace(",", "").replace(" ", "_")


def steps(settings: Settings) -> list[Step]:
    """All commands, task by task and seed by seed."""
    return [step for task in tasks_of(settings) for step in task_steps(settings, task)]


def task_steps(settings: Settings, task: str) -> list[Step]:
    """Data, training and evaluation of one task."""
    out = in_repository(settings.out) / task
    systems = systems_of(settings, task)
    made = data_steps(settings, task)
    for seed in settings.seeds:
        folder = out / f"seed{seed}"
        for name in runs_for(systems):
            made.append(train_step(settings, task, seed, name))
            if name in systems:
                checkpoint = folder / name / "checkpoints" / settings.kept
                made += eval_steps(settings, task, made[-1].name, checkpoint, folder / name)
    for name, (checkpoint, cache) in peers_of(settings, task).items():
        slug, peer = peer_folder(name), in_repository(checkpoint)
        made += eval_steps(
            settings, task, f"{task}/{slug}", peer, out / slug, cache=cache, after=f"{task}/{cache}"
        )
    return made


def train_step(settings: Settings, task: str, seed: int, name: str) -> Step:
    """One training of one system."""
    run: Run = RUNS[name]
    budget, out = settings.budget_of(task), in_repository(settings.out) / task
    folder = out / f"seed{seed}"
    frames = budget.conv4_frames if run.budget in ("conv4", "csrn") else budget.frames
    other_cache = name == "student" and task == "images"
    start = f"{run.start_option} {folder}/{run.starts_from}/checkpoints/{settings.kept}"
    parts = [
        f"{run.recipe} --cache {out}/cache.h5 --out {folder}/{name} --resume --tracker none --seed {seed}",
        f"--data.frames {frames} --data.classes {TASKS[task].base}",
        f"--data.novel {TASKS[task].novel}",
        start if run.starts_from else "",
        f"--weights {in_repository(settings.face_landmarker)}" if run.face_points else "",
        f"--unlabelled {out}/unlabelled.h5" if other_cache else "",
        run.options,
        getattr(budget, run.budget),
    ]
    return Step(
        name=f"{task}/seed{seed}/{name}",
        command=" ".join(" ".join(parts).split()),
        after=(
            f"{task}/seed{seed}/{run.starts_from}" if run.starts_from else f"{task}/cache",
            *([f"{task}/unlabelled"] if other_cache else []),
        ),
    )


def data_steps(settings: Settings, task: str) -> list[Step]:
    """The commands that make the caches of a task."""
    budget, out = settings.budget_of(task), in_repository(settings.out) / task
    crops = f"--size-px {budget.crop_px} --workers 1"
    if task != "images":
        draw = (
            f"vidfer actors --out {out}/actors --setting wild --seed {ACTORS_SEED} "
            f"--base-labels {TASKS[task].base} --novel-labels {TASKS[task].novel} {budget.actors}"
        )
        cache = f"vidfer cache --src actors --root {out}/actors --out {out}/cache.h5 {crops}"
        return [
            Step(name=f"{task}/actors", command=draw),
            Step(name=f"{task}/cache", command=cache, after=(f"{task}/actors",)),
        ]
    root, pattern = in_repository(settings.images), r"'(.+)_\d+'"
    command = f"vidfer cache --src folder:faces --root {root} --subject-pattern {pattern} {crops}"
    made = [Step(name=f"{task}/cache", command=f"{command} --out {out}/cache.h5")]
    if settings.released:
        whole = f"{command} --face picture --out {out}/pictures.h5"
        made.append(Step(name=f"{task}/pictures", command=whole))
    if settings.unlabelled:
        root = in_repository(settings.unlabelled)
        command = f"vidfer cache --src folder --root {root} --out {out}/unlabelled.h5 {crops}"
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
    """One evaluation for each protocol of a task.

    Args:
        name: name of the steps, to which ``/eval_<protocol>`` is added.
        checkpoint: the checkpoint that is evaluated.
        out: folder of the results.
        cache: name of the cache, without its ending.
        after: the step that they need; ``name`` without one.
    """
    file = f"{in_repository(settings.out)}/{task}/{cache}.h5"
    return [
        Step(
            name=f"{name}/eval_{protocol.folder}",
            command=f"vidfer eval --checkpoint {checkpoint} --cache {file} --novel {TASKS[task].novel} "
            f"--ways {protocol.ways} --shots {protocol.shots} --episodes {settings.episodes} "
            f"--frames {settings.budget_of(task).eval_frames} --seed 0 --out {out}/{protocol.folder}"
            + (" --person-disjoint" if protocol.person_disjoint else ""),
            after=(after or name,),
        )
        for protocol in TASKS[task].protocols
    ]
