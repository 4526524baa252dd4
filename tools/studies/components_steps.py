"""The rows, options and commands of the component study."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from vidfer.errors import SettingError

from .steps import Step, in_repository

FULL = "all regions, all attention"
ROWS = {
    FULL: "",
    "face alone": "--encoder.regions face",
    "eyes alone": "--encoder.regions eyes",
    "mouth alone": "--encoder.regions mouth",
    "no attention, plain means": "--encoder.spatial-attention mean --encoder.region-attention mean "
    "--encoder.frame-attention mean",
    "without spatial attention": "--encoder.spatial-attention mean",
    "without region attention": "--encoder.region-attention mean",
    "without frame attention": "--encoder.frame-attention mean",
    "frame attention: sigmoid": "--encoder.frame-attention sigmoid",
    "frame attention: relation": "--encoder.frame-attention relation",
}
"""Name of a row -> options of its network. A row of a single region keeps all attention; the other rows keep
all regions."""

COLUMNS = {"teacher": "teacher", "student1": "student, round 1", "student2": "student, round 2"}
"""Run folder -> what the column is called."""

KEPT = "checkpoints/last"
"""Not the best on validation: with a few dozen clips the best of many epochs is luck."""

STUDENT = (
    "--from-teacher --optim.lr 1e-3 --train.epochs 5 --train.batch-size 4 --pseudo.ratio 2 "
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
    network: str = "--encoder.width 8 --encoder.input-px 48 --dropout 0.2"
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
    for column, command in commands.items():
        made += [
            Step(name=f"{prefix}/{column}", command=" ".join(command.split()), after=(before,)),
            Step(
                name=f"{prefix}/eval_{column}",
                command=f"vidfer eval --checkpoint {run}/{column}/{KEPT} --cache {cache} "
                f"--out {run}/{column}/test",
                after=(f"{prefix}/{column}",),
            ),
        ]
        before = f"{prefix}/{column}"
    return made
