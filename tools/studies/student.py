"""Does a student get better than its teacher, on drawn actors? (docs/results/noisy_student.md)

    nohup python tools/study.py student --seeds 4 5 6 --out study > study.txt 2>&1 &

About half an hour of CPU time for each seed. Started again, the study goes on where it stopped.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from counts import check_counts

from . import main_job
from .main_job import STUDENT, Budget, result_table
from .steps import ROOT, Step, in_repository, run_steps

BUDGET = Budget(
    actors="--train-per-class 20 --train-subjects 20 --val-per-class 8 --val-subjects 8 --test-per-class 40 "
    "--test-subjects 40 --novel-per-class 20 --unlabelled 840 --unlabelled-subjects 120 --max-duration-s 1.0",
    crop_px=80,
    network="--encoder.width 16 --encoder.input-px 64",
    teacher="--data.frames 4 --train.epochs 150 --train.batch-size 16 --train.ema-decay 0.98",
    students=(
        f"--data.frames 4 --train.epochs 30 {STUDENT}",
        f"--data.frames 4 --from-teacher --optim.lr 1e-3 --train.epochs 12 {STUDENT}",
    ),
    relation="--data.frames 4 --episodes.epochs 5 --episodes.per-epoch 30 --episodes.val-episodes 40",
)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """A noisy student in two rounds and a relation head, on drawn actors."""

    out: Path = Path("study")
    """Folder for everything that is made."""
    seeds: tuple[int, ...] = (4, 5, 6)
    """Seeds of actors, training and evaluation. Each seed has its own actors and networks."""
    jobs: int = 1
    """Commands that run at a time, one thread each."""

    def __post_init__(self) -> None:
        check_counts(self, "jobs")
        check_counts(self, "seeds", least=0)


def steps(settings: Settings) -> list[Step]:
    """The steps of all seeds."""
    return [
        step
        for seed, folder in folders(settings).items()
        for step in main_job.steps(folder, BUDGET, seed, prefix=f"seed{seed}/")
    ]


def folders(settings: Settings) -> dict[int, Path]:
    """Seed -> its folder."""
    top = in_repository(settings.out)
    return {seed: top if len(settings.seeds) == 1 else top / f"seed{seed}" for seed in settings.seeds}


def main(settings: Settings) -> None:
    run_steps(steps(settings), settings.out, jobs=settings.jobs)
    places = [ROOT / folder for folder in folders(settings).values()]
    print(f"\n{result_table(places, BUDGET)}\n")
    for place in places:
        print(f"report: {(place / 'report.html').resolve()}")
