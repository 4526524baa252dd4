"""The main job on drawn actors, from drawing them to the report: what `make demo` runs.

It runs the commands that the README shows and prints each before it starts. Started again, it goes on where
it stopped.
"""

from __future__ import annotations

import os
import shlex
import time
from dataclasses import dataclass
from pathlib import Path

import tyro
from counts import check_counts
from studies.guard import Guard
from studies.main_job import STUDENT, Budget, commands, result_table
from studies.steps import ROOT, environment, in_repository

from vidfer.errors import exit_on_user_error

BUDGET = Budget(
    actors="--train-per-class 10 --train-subjects 14 --val-per-class 6 --val-subjects 6 --test-per-class 15 "
    "--test-subjects 15 --novel-per-class 12 --unlabelled 350 --unlabelled-subjects 60 --max-duration-s 0.8",
    crop_px=64,
    network="--encoder.width 16 --encoder.input-px 64",
    # With all of the noise and dropout so few steps end near chance on training and validation clips.
    teacher="--train.epochs 60 --train.batch-size 16 --train.ema-decay 0.98 --noise.magnitude 0.5 "
    "--dropout 0.2",
    students=(f"--from-teacher --optim.lr 1e-3 --train.epochs 12 {STUDENT}",),
    relation="--episodes.epochs 3 --episodes.per-epoch 20 --episodes.val-episodes 40",
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


def run(commands: list[str]) -> None:
    """Run commands one after another; each is printed before it starts.

    Raises:
        SystemExit: a command failed.
    """
    cores = len(os.sched_getaffinity(0))
    variables = environment(threads=int(os.environ.get("OMP_NUM_THREADS", cores)))
    for number, command in enumerate(commands, 1):
        print(f"\n[{number}/{len(commands)}] $ {command}", flush=True)
        with Guard() as guard:
            status = guard.run(shlex.split(command), cwd=ROOT, env=variables)
        if status:
            raise SystemExit(f"step {number} ended with status {status}; repair the cause and start again")


def main(settings: Settings) -> None:
    begin = time.perf_counter()
    out = in_repository(settings.out)
    run(commands(out, BUDGET, settings.seed))
    print(f"\n{result_table([ROOT / out], BUDGET)}")
    minutes = (time.perf_counter() - begin) / 60
    print(f"\nreport: {(ROOT / out / 'report.html').resolve()}   ({minutes:.1f} minutes)")


if __name__ == "__main__":
    with exit_on_user_error("demo.py"):
        main(tyro.cli(Settings, description=__doc__))
