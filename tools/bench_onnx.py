"""How fast a classifier runs by onnxruntime and by PyTorch, on one thread, in one run, by turns.

    python tools/bench_onnx.py --checkpoint basic7

Prints medians in CPU time, so that other programs matter little.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = "1"  # before PyTorch and onnxruntime start their threads

import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from counts import check_counts
from program import run

from vidfer.infer.classifier import Classifier
from vidfer.infer.export_onnx import export_onnx
from vidfer.infer.load_classifier import load_classifier


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What to measure."""

    checkpoint: str = "basic7"
    """The network: a run folder, a checkpoint, or the name of an included network."""
    windows: tuple[int, ...] = (1, 8, 32)
    """Windows that the network sees at once."""
    frames: int = 5
    """Frames of a window."""
    repeats: int = 15
    """Measured runs of each, of which the median counts; two more run before them."""

    def __post_init__(self) -> None:
        check_counts(self, "windows", "frames", "repeats")


def measure(sides: dict[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """The median CPU seconds of each side; they run by turns."""
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(repeats + 2):
        for name, work in sides.items():
            start = time.process_time()
            work()
            seconds[name].append(time.process_time() - start)
    return {name: statistics.median(found[2:]) for name, found in seconds.items()}


def main(settings: Settings) -> None:
    """Measure, and print a line for each number of windows."""
    torch.set_num_threads(1)
    by: dict[str, Classifier] = {"PyTorch": load_classifier(settings.checkpoint)[0]}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "network.onnx"
        export_onnx(settings.checkpoint, file)
        start = time.process_time()
        by["onnxruntime"] = load_classifier(file)[0]
        print(f"loading the file takes {time.process_time() - start:.2f} s of CPU time")
    side = by["PyTorch"].crop_px
    for windows in settings.windows:
        shape = (windows, settings.frames, 3, 3, side, side)
        crops = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
        seen = np.ones(shape[:2], bool)
        sides = {
            name: lambda one=one, crops=crops, seen=seen: one.probabilities(crops, seen)
            for name, one in by.items()
        }
        found = measure(sides, settings.repeats)
        n = windows * settings.frames
        shown = "; ".join(f"{name} {n / s:,.0f} frames/s" for name, s in found.items())
        times = found["PyTorch"] / found["onnxruntime"]
        print(f"{windows} windows of {settings.frames} frames: {shown}; {times:.2f} times as fast")


if __name__ == "__main__":
    run(main, Settings, __doc__)
