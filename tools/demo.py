"""The main job on drawn actors, from drawing them to the report: what `make demo` runs.

It runs the commands that the README shows and prints each when it starts; their output is in `logs/` of the
folder. Started again, it goes on where it stopped.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

import tyro
from counts import check_counts
from studies.main_job import STUDENT, Budget, result_table, steps
from studies.steps import ROOT, in_repository, run_steps

from vidfer.errors import exit_on_user_error

JOBS = 2
BUDGET = Budget(
    actors="--train-per-class 10 --train-subjects 14 --val-per-class 6 --val-subjects 6 --test-per-class 15 "
    "--test-subjects 15 --novel-per-class 12 --unlabelled 350 --unlabelled-subjects 60 --max-duration-s 0.8",
    crop_px=64,
    network="--encoder.width 16 --encoder.input-px 64",
    # With all of the noise and dropout so few steps end near chance on training and validation clips.
    # With two frames of clips of ten frames a second the teacher had 38 % on validation, not 52 %.
    teacher="--data.frames 4 --train.epochs 60 --train.batch-size 16 --train.ema-decay 0.98 "
    "--noise.magnitude 0.5 --dropout 0.2",
    students=(f"--data.frames 4 --from-teacher --optim.lr 1e-3 --train.epochs 12 {STUDENT}",),
    # So few episodes would spoil the encoder; its maps tell expressions apart already.
    relation="--data.frames 2 --freeze-encoder --episodes.queries 2 --episodes.epochs 3 "
    "--episodes.per-epoch 30 --episodes.val-episodes 40",
)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Run the main job on drawn actors."""

    out: Path = Path("demo")
    """Folder for everything that is made."""
    seed: int = 0
    """Seed of actors, training and evaluation."""

    def __post_init__(self) -> None:
        check_counts(self, "seed", least=0)


def main(settings: Settings) -> None:
    begin = time.perf_counter()
    out = in_repository(settings.out)
    cores = len(os.sched_getaffinity(0))
    # Two steps run side by side where neither needs the other.
    threads = int(os.environ.get("OMP_NUM_THREADS", max(1, cores // JOBS)))
    run_steps(
        steps(out, BUDGET, settings.seed), ROOT / out, jobs=min(JOBS, cores), threads=threads, tell=True
    )
    print(f"\n{result_table([ROOT / out], BUDGET)}")
    minutes = (time.perf_counter() - begin) / 60
    print(f"\nreport: {(ROOT / out / 'report.html').resolve()}   ({minutes:.1f} minutes)")


if __name__ == "__main__":
    with exit_on_user_error("demo.py"):
        main(tyro.cli(Settings, description=__doc__))
