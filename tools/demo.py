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
    # Even light and frontal faces: the wild setting needs more labels and minutes than a demo has. A clip has
    # five or six frames, of which training sees four.
    setting="studio",
    actors="--fps 10 --train-per-class 6 --train-subjects 14 --val-per-class 6 --val-subjects 6 "
    "--test-per-class 20 --test-subjects 20 --novel-per-class 12 --unlabelled 400 --unlabelled-subjects 60 "
    "--max-duration-s 0.6",
    crop_px=64,
    network="--encoder.width 16 --encoder.input-px 64",
    # With all of the noise and dropout so few steps end near chance on training and validation clips.
    teacher="--data.frames 4 --train.epochs 50 --train.batch-size 14 --train.ema-decay 0.98 "
    "--noise.magnitude 0.5 --dropout 0.2 --train.validate-every 5",
    # Of labels of two such teachers (seeds 2 and 3) with a confidence above 0.3, 78 and 76 % were right after
    # balancing, which repeats the clips of rare classes; above 0.7 it is 92 and 81 %.
    students=(
        f"--data.frames 4 --from-teacher --optim.lr 1e-3 --train.epochs 8 --pseudo.threshold 0.7 {STUDENT}",
    ),
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
