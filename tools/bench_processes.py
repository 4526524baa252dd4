"""How long an epoch of a recipe takes with one process and with several that share its batch.

    python tools/bench_processes.py --cache actors.h5 --out bench --processes 1 2

For each number of processes, recipes/supervised.py trains twice: with few and with many epochs. The
difference of both times does not contain the start of the program, only training, validation and saving.
Every process has one thread. The numbers of processes take turns, and medians over the repeats are printed.
"""

from __future__ import annotations

import shlex
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from counts import check_counts
from program import run
from studies.steps import ROOT, environment
from tables import markdown

from vidfer.errors import RunError, SettingError


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What to measure with."""

    cache: Path
    """Crop cache to train on."""
    out: Path
    """Folder for the runs. Each run is removed after it was measured."""
    processes: tuple[int, ...] = (1, 2)
    """Numbers of processes to compare; the others are compared with the first."""
    options: str = "--train.batch-size 16 --encoder.width 32 --encoder.input-px 112 --data.frames 4"
    """Options of the recipe, the same for all."""
    epochs: tuple[int, int] = (1, 3)
    """Few and many epochs."""
    repeats: int = 3
    """Runs of which the median counts."""

    def __post_init__(self) -> None:
        check_counts(self, "processes", "repeats")
        if not 0 < self.epochs[0] < self.epochs[1]:
            raise SettingError(f"--epochs {self.epochs[0]} {self.epochs[1]}: give fewer, then more of them")


def seconds_of(settings: Settings, processes: int, epochs: int) -> float:
    """Wall time of a whole run, in seconds."""
    run = settings.out / f"run{processes}"
    shutil.rmtree(run, ignore_errors=True)
    command = [
        *(sys.executable, "-m", "accelerate.commands.launch", "--cpu", "--num_machines", "1"),
        *("--mixed_precision", "no", "--dynamo_backend", "no", "--num_processes", str(processes)),
        *("--num_cpu_threads_per_process", "1", str(ROOT / "recipes/supervised.py"), "--tracker", "none"),
        *("--cache", str(settings.cache.resolve()), "--out", str(run.resolve())),
        *("--train.epochs", str(epochs), *shlex.split(settings.options)),
    ]
    start = time.perf_counter()
    done = subprocess.run(command, env=environment(1), cwd=ROOT, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    if done.returncode:
        raise RunError(f"the recipe stopped with status {done.returncode}:\n{done.stderr[-2000:]}")
    shutil.rmtree(run)
    return seconds


def main(settings: Settings) -> None:
    few, many = settings.epochs
    spent = {n: [] for n in settings.processes}
    for _ in range(settings.repeats):
        for n, seconds in spent.items():
            seconds.append(seconds_of(settings, n, many) - seconds_of(settings, n, few))
    epoch_s = {n: statistics.median(seconds) / (many - few) for n, seconds in spent.items()}
    first = epoch_s[settings.processes[0]]
    lines = [[str(n), f"{s:.2f}", f"{first / s:.2f}"] for n, s in epoch_s.items()]
    print(markdown(["processes", "seconds an epoch", "times as fast"], lines))


if __name__ == "__main__":
    run(main, Settings, __doc__)
