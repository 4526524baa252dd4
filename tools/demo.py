"""The main job on synthetic actors, from drawing them to the report: what `make demo` runs.

It runs the commands that the README shows and prints each before it starts; started again, it goes on where
it stopped. `--study --seeds 4 5 6` is the same with more data and longer training, for docs/results.md.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import tyro
from counts import check_counts
from pooled import pooled_difference
from study import ROOT, Step, environment, in_repository, run_steps
from tables import points

from vidfer.errors import exit_on_user_error

NOVEL = "contempt happily_surprised sadly_fearful angrily_disgusted fearfully_surprised"


STUDENT = "--train.batch-size 8 --pseudo.ratio 3 --train.ema-decay 0.98"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How much of everything; texts are options of the commands."""

    actors: str
    crop_px: int
    network: str
    teacher: str
    students: tuple[str, ...]
    """Options of every round; each round's teacher is the student of the one before."""
    relation: str


DEMO = Plan(
    actors="--train-per-class 10 --train-subjects 14 --val-per-class 6 --val-subjects 6 --test-per-class 15 "
    "--test-subjects 15 --novel-per-class 12 --unlabelled 350 --unlabelled-subjects 60 --max-duration-s 0.8",
    crop_px=64,
    network="--model.width 16 --model.input-px 64",
    # With all of the noise and dropout so few steps end near chance on training and validation clips.
    teacher="--train.epochs 60 --train.batch-size 16 --train.ema-decay 0.98 --noise.magnitude 0.5 "
    "--model.dropout 0.2",
    students=(f"--from-teacher --optimiser.lr 1e-3 --train.epochs 12 {STUDENT}",),
    relation="--episodes.epochs 3 --episodes.per-epoch 20 --episodes.val-episodes 40",
)

STUDY = Plan(
    actors="--train-per-class 20 --train-subjects 20 --val-per-class 8 --val-subjects 8 --test-per-class 40 "
    "--test-subjects 40 --novel-per-class 20 --unlabelled 840 --unlabelled-subjects 120 --max-duration-s 1.0",
    crop_px=80,
    network="--model.width 16 --model.input-px 64",
    teacher="--train.epochs 150 --train.batch-size 16 --train.ema-decay 0.98",
    students=(
        f"--train.epochs 30 {STUDENT}",
        f"--from-teacher --optimiser.lr 1e-3 --train.epochs 12 {STUDENT}",
    ),
    relation="--episodes.epochs 5 --episodes.per-epoch 30 --episodes.val-episodes 40",
)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Run the whole path on synthetic actors."""

    out: Path = Path("demo")
    """Folder for everything that is made."""
    study: bool = False
    """More actors and longer training: about half an hour of CPU time a seed. Output goes to files."""
    jobs: int = 1
    """Commands of a study at a time, one thread each: those of different seeds."""
    seeds: tuple[int, ...] = (0,)
    """Seeds of actors, training and evaluation; each makes its own actors and its own models."""

    def __post_init__(self) -> None:
        check_counts(self, "jobs")
        check_counts(self, "seeds", least=0)


def steps(out: Path, plan: Plan, seed: int) -> list[str]:
    """The commands, in order."""
    train = "accelerate launch --config_file accelerate_config.yaml"
    data = f"--cache {out}/actors.h5 --resume --tracker none --seed {seed} --data.frames 4"
    # The last checkpoint, not the best on validation: to choose among many epochs by a few dozen clips is
    # luck. On actors of another seed, of which no figure is quoted, it cost the student five points.
    kept = "checkpoints/last"
    runs = runs_of(plan)
    evaluate = f"--cache {out}/actors.h5 --novel {NOVEL} --curve 1 2 3 5 --seed {seed}"
    return [
        f"vidfer actors --out {out}/actors --setting wild --seed {seed} --min-duration-s 0.5 {plan.actors}",
        f"vidfer cache --src afew --root {out}/actors --out {out}/actors.h5 --size-px {plan.crop_px}",
        f"vidfer inspect {out}/actors.h5",
        f"{train} recipes/supervised.py --out {out}/teacher {data} {plan.network} {plan.teacher}",
        *(
            f"{train} recipes/noisy_student.py --out {out}/{student} {data} --teacher {out}/{teacher}/{kept} "
            f"{options}"
            for teacher, student, options in zip(runs, runs[1:], plan.students)
        ),
        f"{train} recipes/fewshot.py --out {out}/csrn {data} --init {out}/student/{kept} --model.head csrn "
        f"{plan.relation}",
        *(
            f"vidfer eval --checkpoint {out}/{who}/{kept} --out {out}/results/{who} {evaluate}"
            for who in (*runs, "csrn")
        ),
        f"vidfer report --runs {' '.join(f'{out}/{who}' for who in (*runs, 'csrn'))} --cache {out}/actors.h5 "
        f"--results {' '.join(map(str, result_files(out, plan).values()))} --out {out}/report.html",
    ]


def runs_of(plan: Plan) -> list[str]:
    """Folders of the teacher and of the student of each round."""
    return ["teacher", *("student" if n == 1 else f"student{n}" for n, _ in enumerate(plan.students, 1))]


def result_files(out: Path, plan: Plan) -> dict[tuple[str, str], Path]:
    """What `vidfer eval` leaves, by run and kind."""
    names = [(who, kind) for kind in ("classification", "fewshot") for who in runs_of(plan)]
    return {
        (who, kind): out / "results" / who / f"{kind}.json" for who, kind in [*names, ("csrn", "fewshot")]
    }


def table(folders: list[Path], plan: Plan) -> str:
    """Teacher and students side by side; of several seeds the mean, the lowest and the highest."""
    from vidfer.evaluate.result import load_result

    runs = runs_of(plan)
    found = [{key: load_result(path) for key, path in result_files(out, plan).items()} for out in folders]

    def cell(who: str, kind: str, measure: str) -> str:
        seeds = [results[who, kind].measures[measure] for results in found]
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
        cells = (cell(who, "classification", name) for who in runs)
        rows.append((f"{name}, {where}", *cells, f"{test.chance:.1%}"))
    cells = (cell(who, "fewshot", "accuracy") for who in runs)
    rows.append((f"few-shot, {task}, nearest mean", *cells, f"{few.chance:.1%}"))
    csrn = ["" if who != "student" else cell("csrn", "fewshot", "accuracy") for who in runs]
    rows.append((f"few-shot, {task}, CSRN head", *csrn, f"{few.chance:.1%}"))
    widths = [max(len(row[c]) for row in rows) for c in range(len(rows[0]))]
    lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths)).rstrip() for row in rows]
    brackets = "95 % intervals" if len(folders) == 1 else f"lowest and highest of {len(folders)} seeds"
    lines += ["", f"[ ] are {brackets}."]
    for student in runs[1:]:
        for name, kind in (("WAR", "classification"), ("few-shot, nearest mean", "fewshot")):
            later, earlier = ([results[who, kind] for results in found] for who in (student, "teacher"))
            gain, clips = pooled_difference(later, earlier)
            lines.append(
                f"{student} - teacher, {name}, same clips: {points(gain)} points "
                f"(95 %, {clips} clips, drawn by subject)"
            )
    lines.append("Drawn actors: this shows that the machinery works, not how well people are recognised.")
    return "\n".join(lines)


def chained(commands: dict[int, list[str]]) -> list[Step]:
    """Commands by seed as steps of a study: those of a seed one after another."""
    made = []
    for seed, of_seed in commands.items():
        before = ()
        for number, command in enumerate(of_seed, 1):
            made.append(Step(name=f"seed{seed}/step{number:02d}", command=command, after=before))
            before = (made[-1].name,)
    return made


def show(commands: list[str]) -> None:
    """Run commands one after another, each printed before it starts, with what it prints itself."""
    cores = len(os.sched_getaffinity(0))
    there = environment(threads=int(os.environ.get("OMP_NUM_THREADS", cores)))
    for number, command in enumerate(commands, 1):
        print(f"\n[{number}/{len(commands)}] $ {command}", flush=True)
        done = subprocess.run(shlex.split(command), cwd=ROOT, env=there, check=False)
        if done.returncode:
            raise SystemExit(f"step {number} ended with status {done.returncode}; mend it and start again")


def main(settings: Settings) -> None:
    begin = time.perf_counter()
    plan = STUDY if settings.study else DEMO
    top = in_repository(settings.out)
    folders = [top if len(settings.seeds) == 1 else top / f"seed{seed}" for seed in settings.seeds]
    commands = {seed: steps(out, plan, seed) for seed, out in zip(settings.seeds, folders)}
    if settings.study:
        run_steps(chained(commands), settings.out, jobs=settings.jobs)
    else:
        for of_seed in commands.values():
            show(of_seed)
    minutes = (time.perf_counter() - begin) / 60
    print(f"\n{table([ROOT / out for out in folders], plan)}")
    for out in folders:
        print(f"\nreport: {(ROOT / out / 'report.html').resolve()}", end="")
    print(f"   ({minutes:.1f} minutes)")


if __name__ == "__main__":
    with exit_on_user_error("demo.py"):
        main(tyro.cli(Settings, description=__doc__))
