"""Compare one thread with two, spinning or asleep while they wait: CPU time and time by the clock.

python tools/bench_threads.py

Each side is a process of its own, because torch reads the variables once; the sides take turns. To see what
other work does to them, run something else at the same time.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from itertools import pairwise

from counts import check_counts
from program import run

SIDES = {
    "one thread": {"OMP_NUM_THREADS": "1"},
    "two, spinning": {"OMP_NUM_THREADS": "2"},
    "two, asleep": {"OMP_NUM_THREADS": "2", "OMP_WAIT_POLICY": "PASSIVE"},
}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Compare one thread with two."""

    steps: int = 12
    """Training steps of a small network that each process measures; two more run before them."""
    rounds: int = 2
    """Processes of each side."""

    def __post_init__(self) -> None:
        check_counts(self, "steps", "rounds")


def measure(steps: int) -> list[tuple[float, float]]:
    """CPU seconds and seconds by the clock of each step of ten convolutions of 32 channels, 64 images."""
    import torch
    from torch import nn

    channels = [3] + [32] * 10
    layers = [
        layer
        for before, after in pairwise(channels)
        for layer in (nn.Conv2d(before, after, 3, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU())
    ]
    network = nn.Sequential(*layers).to(memory_format=torch.channels_last)
    images = torch.randn(64, 3, 16, 16).to(memory_format=torch.channels_last)
    found = []
    for _ in range(steps + 2):
        cpu_s, clock_s = time.process_time(), time.perf_counter()
        network(images).sum().backward()
        found.append((time.process_time() - cpu_s, time.perf_counter() - clock_s))
    return found[2:]


def main(settings: Settings) -> None:
    usual = {name: value for name, value in os.environ.items() if not name.startswith(("OMP_", "GOMP_"))}
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in SIDES}
    for _ in range(settings.rounds):
        for name, variables in SIDES.items():
            code = f"import json, bench_threads; print(json.dumps(bench_threads.measure({settings.steps})))"
            command = [sys.executable, "-c", code]
            environment = usual | variables | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
            done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
            found[name] += json.loads(done.stdout)
    for name, steps in found.items():
        cpu_s, clock_s = (statistics.median(column) for column in zip(*steps))
        print(f"{name}: {1e3 * cpu_s:.0f} ms of CPU time, {1e3 * clock_s:.0f} ms by the clock for a step")


if __name__ == "__main__":
    run(main, Settings, __doc__)
