"""Does building a cache stay as fast and as small as it begins? Peak memory, and 10,000 clips.

python tools/bench_cache_scale.py                        # both; about 15 minutes on two cores
python tools/bench_cache_scale.py --what memory
python tools/bench_cache_scale.py --what clips --n-clips 2000
"""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import av
import numpy as np
import psutil
from counts import check_counts
from program import run

from vidfer.actors.draw import draw_clip
from vidfer.actors.identity import sample_identity
from vidfer.build.build_cache import build_cache
from vidfer.build.settings import BuildSettings
from vidfer.clips import find_clips
from vidfer.clips.clip import Clip
from vidfer.crops.settings import CropSettings


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What to measure."""

    what: Literal["all", "memory", "clips"] = "all"
    """`memory`: a clip of 10 minutes against one of 10 seconds. `clips`: many short ones."""
    n_clips: int = 10_000
    """How many short clips, of 16 frames each."""
    workers: int = 2
    """Processes that read the short clips."""

    def __post_init__(self) -> None:
        check_counts(self, "n_clips", "workers")


class MemoryLog:
    """Records the memory of this process and of its workers, in bytes, ten times a second."""

    def __init__(self) -> None:
        self.samples: list[tuple[float, int, int]] = []
        """Time, memory of this process, most memory of a worker."""
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> MemoryLog:
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._done.set()
        self._thread.join()

    def _run(self) -> None:
        this = psutil.Process()
        while not self._done.wait(0.1):
            largest = 0
            # The children are servers of multiprocessing; their children are the workers.
            for worker in set(this.children(recursive=True)) - set(this.children()):
                try:
                    largest = max(largest, worker.memory_info().rss)
                except psutil.NoSuchProcess:
                    continue
            self.samples.append((time.perf_counter(), this.memory_info().rss, largest))


def main(settings: Settings) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        if settings.what in ("all", "memory"):
            measure_memory(Path(folder))
        if settings.what in ("all", "clips"):
            measure_clips(Path(folder), settings)


def measure_memory(folder: Path) -> None:
    """Peak memory of the worker: 10 minutes of 720 x 576 against 10 seconds."""
    frames = act(75, (720, 576))
    peaks = {}
    for name, n_frames in (("10 s", 250), ("10 min", 15_000)):
        path = folder / f"{n_frames}.mp4"
        write_video(path, frames, n_frames)
        with MemoryLog() as log:
            report = build([Clip(id=path.name, path=path)], folder / "memory.h5", 1)
        peaks[name] = max(largest for _, _, largest in log.samples)
        print(
            f"{name:8} {report.n_frames} frames in {report.seconds:.0f} s; peak memory of the worker "
            f"{peaks[name] / 1e6:.0f} MB",
            flush=True,
        )
    print(f"10 minutes against 10 seconds: {peaks['10 min'] / peaks['10 s']:.2f} x")


def measure_clips(folder: Path, settings: Settings) -> None:
    """Time of the last tenth against the first, and growth of memory between them."""
    root = folder / "many"
    root.mkdir()
    write_video(root / "0.mp4", act(16, (160, 120)), 16)
    for number in range(1, settings.n_clips):
        os.link(root / "0.mp4", root / f"{number}.mp4")
    clips = find_clips("folder", root)
    times_s: list[float] = []
    with MemoryLog() as log:
        report = build(
            clips, folder / "many.h5", settings.workers, lambda *_: times_s.append(time.perf_counter())
        )
    tenth = settings.n_clips // 10
    # The first tenth begins with the second hundredth: until then processes start.
    start = settings.n_clips // 100
    first, last = times_s[start + tenth] - times_s[start], times_s[-1] - times_s[-1 - tenth]
    print(
        f"{report.n_clips} clips, {report.n_frames} frames in {report.seconds:.0f} s; stages {report.stage_s}"
    )
    print(f"the first {tenth} clips {first:.1f} s, the last {last:.1f} s: {last / first:.3f} x")
    for which, column in (("parent", 1), ("largest worker", 2)):
        early, late = (
            np.median([sample[column] for sample in log.samples if begin <= sample[0] <= end])
            for begin, end in ((times_s[start], times_s[start + tenth]), (times_s[-1 - tenth], times_s[-1]))
        )
        peak = max(sample[column] for sample in log.samples)
        print(
            f"memory of the {which} in MB: {early / 1e6:.0f} early, {late / 1e6:.0f} late, "
            f"{peak / 1e6:.0f} at most"
        )


def act(n_frames: int, size: tuple[int, int]) -> np.ndarray:
    identity = sample_identity(np.random.default_rng(2))
    return draw_clip(identity, "happy", setting="studio", seed=2, n_frames=n_frames, fps=25, size=size)[0]


def write_video(path: Path, frames: np.ndarray, n_frames: int) -> None:
    """The frames forwards and backwards as H.264, until there are enough."""
    order = [*range(len(frames)), *range(len(frames) - 2, 0, -1)]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"preset": "ultrafast", "crf": "23"})
        stream.height, stream.width, stream.pix_fmt = *frames.shape[1:3], "yuv420p"
        for number in range(n_frames):
            image = frames[order[number % len(order)]]
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())


def build(clips: list[Clip], out: Path, workers: int, progress: Callable[[int, int], None] | None = None):
    out.unlink(missing_ok=True)
    return build_cache(clips, out, CropSettings(), BuildSettings(workers=workers), progress=progress)


if __name__ == "__main__":
    run(main, Settings, __doc__)
