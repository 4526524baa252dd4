"""The systems, options and commands of the study of few labels."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path

from counts import check_counts

from vidfer.errors import SettingError

from .steps import Step, in_repository

TEACHER, LONGER, CEILING = "teacher", "longer", "ceiling"
SYSTEMS = {
    TEACHER: "supervised only",
    LONGER: "supervised only, four times as long",
    "student1": "noisy student, round 1",
    "student2": "noisy student, round 2",
    "student3": "noisy student, round 3",
    "student4": "noisy student, round 4",
    "student5": "noisy student, round 5",
    "plain": "round 1 without consistency",
    "fixmatch": "FixMatch alone",
    "freematch": "FreeMatch alone",
}
"""Run folder -> what its row is called."""

LABELS_FROM = {f"student{n}": f"student{n - 1}" for n in range(2, 6)}
"""Run -> the run whose last checkpoint is its teacher, where that is not the supervised one."""

KEPT = "checkpoints/last"
"""Not the best on validation, as the study measures on the validation clips."""


@dataclass(frozen=True, kw_only=True)
class Budget:
    """How much of everything. A text holds options of a command."""

    network: str = (
        "--encoder resnet18 --encoder.width 16 --encoder.input-px 48 --encoder.regions face "
        "--encoder.frame-attention mean --dropout 0.2"
    )
    """Options of recipes/supervised.py that choose the network, which is that of all systems."""
    common: str = (
        "--data.frames 1 --noise.rotation 15 --noise.scale 0.2 --noise.translation 0.08 --noise.erase 0.5 "
        "--mixed-precision bf16"
    )
    """Options of all trainings."""
    teacher: str = "--train.batch-size 64 --optim.lr 4e-3 --train.ema-decay 0.98 --train.validate-every 50"
    """Options of recipes/supervised.py with few labels."""
    teacher_images: int = 52_000
    """Images that it sees, each label as often as that takes."""
    teacher_epochs: int = 50
    """The least number of its epochs."""
    classes: int = 7
    """Classes of the cache, to count these epochs."""
    student: str = (
        "--from-teacher --train.batch-size 16 --pseudo.ratio 7 --train.epochs 6 --train.ema-decay 0.995 "
        "--train.validate-every 6 --pseudo.threshold 0 --pseudo.no-balance --pseudo.no-calibrate"
    )
    """Options of recipes/noisy_student.py for all students. Calibration would use thousands of labels of val,
    where the teacher has a few. The teacher's first choices are so uneven that balance would lose a class."""
    noisy: str = "--pseudo.consistency freematch"
    """More options of the noisy students."""
    plain: str = ""
    """More options of the noisy student without consistency."""
    fixmatch: str = "--pseudo.consistency fixmatch --pseudo.teacher-weight 0 --train.label-smoothing 0"
    """More options of FixMatch."""
    freematch: str = "--pseudo.consistency freematch --pseudo.teacher-weight 0 --train.label-smoothing 0"
    """More options of FreeMatch."""
    ceiling: str = (
        "--train.batch-size 128 --optim.lr 4e-3 --train.epochs 15 --train.ema-decay 0.995 "
        "--train.validate-every 5"
    )
    """Options of recipes/supervised.py with all labels."""

    def epochs(self, per_class: int) -> int:
        """Epochs of a teacher with so many labels of each class."""
        return max(self.teacher_epochs, math.ceil(self.teacher_images / (per_class * self.classes)))


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What unlabelled images are worth, on a cache whose labels are hidden."""

    cache: Path = Path("cache/fer2013.h5")
    """A cache with labelled clips in the splits train and val."""
    out: Path = Path("labels")
    """Folder for everything that is made."""
    per_class: tuple[int, ...] = (25, 100, 250)
    """Labels of each class that are not hidden: a column of the table each."""
    seeds: tuple[int, ...] = (0, 1, 2)
    """Each seed hides other labels and has its own networks. All systems of a seed have the same labels."""
    systems: tuple[str, ...] = tuple(SYSTEMS)
    """Rows to run. Those whose labels one of them needs are run too."""
    jobs: int = 1
    """Commands that run at a time, one thread each."""
    report: bool = False
    """Run nothing; make the table from what is finished."""
    budget: Budget = field(default_factory=Budget)

    def __post_init__(self) -> None:
        check_counts(self, "per_class", "jobs")
        check_counts(self, "seeds", least=0)
        for name in self.systems:
            if name not in SYSTEMS:
                raise SettingError(f"no system '{name}'; choose from {', '.join(SYSTEMS)}")

    def rows(self) -> list[str]:
        """The systems to run, each after the one that it needs."""
        needed = {TEACHER}
        for name in self.systems:
            while name not in needed:
                needed.add(name)
                name = LABELS_FROM.get(name, TEACHER)
        return [name for name in SYSTEMS if name in needed]


def folder(system: str, per_class: int, seed: int) -> str:
    """Folder of a run below the study's, and the name of its step."""
    return f"{system}/seed{seed}" if system == CEILING else f"labels{per_class}/seed{seed}/{system}"


def steps(settings: Settings) -> list[Step]:
    """All commands: seed by seed, so that one finished seed is a whole table."""
    made: list[Step] = []
    for seed in settings.seeds:
        made += run_and_eval(settings, CEILING, 0, seed)
        for per_class in settings.per_class:
            for system in settings.rows():
                made += run_and_eval(settings, system, per_class, seed)
    return made


def run_and_eval(settings: Settings, system: str, per_class: int, seed: int) -> list[Step]:
    """Train a system, and measure its last checkpoint on val."""
    budget, out = settings.budget, in_repository(settings.out)
    cache, name = in_repository(settings.cache), folder(system, per_class, seed)
    run = f"--cache {cache} --out {out}/{name} --resume --tracker none --seed {seed} {budget.common}"
    few = f"--data.labels-per-class {per_class} --data.split-seed {seed}"
    after: tuple[str, ...] = ()
    if system == CEILING:
        command = f"python recipes/supervised.py {run} {budget.network} {budget.ceiling}"
    elif system in (TEACHER, LONGER):
        epochs = f"--train.epochs {budget.epochs(per_class) * (1 if system == TEACHER else 4)}"
        command = f"python recipes/supervised.py {run} {few} {budget.network} {budget.teacher} {epochs}"
    else:
        before = folder(LABELS_FROM.get(system, TEACHER), per_class, seed)
        more = budget.noisy if system.startswith("student") else getattr(budget, system)
        teacher = f"--teacher {out}/{before}/{KEPT}"
        command = f"python recipes/noisy_student.py {run} {few} {teacher} {budget.student} {more}"
        after = (before,)
    measure = (
        f"vidfer eval --checkpoint {out}/{name}/{KEPT} --cache {cache} --split val --out {out}/{name}/val"
    )
    return [
        Step(name=name, command=" ".join(command.split()), after=after),
        Step(name=f"{name}_eval", command=measure, after=(name,)),
    ]
