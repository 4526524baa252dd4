"""Compare vidfer's two readers with decord, PyAV and OpenCV themselves, in one run, on one core.

    python tools/bench_decode.py clip.avi clip.mp4 … --repeats 9

Each reader opens the file and gives every frame as an RGB array. They take turns. Printed are medians of
milliseconds of processor time (all threads, user and system) per frame: the time that passes on one core of
an idle machine. ``auto`` and ``pyav`` are vidfer with that ``--reader``; ``*`` says that PyAV reads in both.
The last column is auto / pyav. A reader that gives another number of frames than vidfer is marked ``!``, one
that fails ``–``.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import decord
import tyro
from counts import check_counts
from program import run

from vidfer.crops.decode.video import read_chunks
from vidfer.errors import SettingError

BATCH = 32


def vidfer_auto(path: str) -> int:
    return sum(len(chunk) for chunk in read_chunks(path))


def vidfer_pyav(path: str) -> int:
    return sum(len(chunk) for chunk in read_chunks(path, reader="pyav"))


def decord_get_batch(path: str) -> int:
    video = decord.VideoReader(path, num_threads=1)
    count = len(video)
    for first in range(0, count, BATCH):
        video.get_batch(range(first, min(first + BATCH, count))).asnumpy()
    return count


def decord_next(path: str) -> int:
    video = decord.VideoReader(path, num_threads=1)
    for _ in range(len(video)):
        video.next().asnumpy()
    return len(video)


def pyav_loop(path: str) -> int:
    count = 0
    with av.open(path) as container:
        for frame in container.decode(video=0):
            frame.to_ndarray(format="rgb24")
            count += 1
    return count


def opencv(path: str) -> int:
    capture = cv2.VideoCapture(path)
    count = 0
    while True:
        found, image = capture.read()
        if not found:
            return count
        cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
        count += 1


READERS: dict[str, Callable[[str], int]] = {
    "auto": vidfer_auto,
    "pyav": vidfer_pyav,
    "decord batch": decord_get_batch,
    "decord next": decord_next,
    "PyAV loop": pyav_loop,
    "OpenCV": opencv,
}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What is read, and how often."""

    files: tyro.conf.Positional[tuple[Path, ...]]
    """Videos."""
    repeats: int = 9
    """How often each reader reads each of them."""
    core: int | None = None
    """The core that works; by default the last one."""

    def __post_init__(self) -> None:
        check_counts(self, "repeats")
        cores = os.sched_getaffinity(0)
        if self.core is not None and self.core not in cores:
            raise SettingError(f"--core {self.core}: give one of {', '.join(map(str, sorted(cores)))}")


def main(settings: Settings) -> None:
    core = max(os.sched_getaffinity(0)) if settings.core is None else settings.core
    os.sched_setaffinity(0, {core})
    cv2.setNumThreads(1)
    decord.logging.set_level(decord.logging.QUIET)
    columns = " ".join(f"{name:>14}" for name in (*READERS, "auto / pyav"))
    print(f"{'ms per frame':36} {'frames':>6} {columns}")
    for path in settings.files:
        race(path, settings.repeats)


def race(path: Path, repeats: int) -> None:
    """Let all readers read one file in turns, and print a line of medians."""
    seconds: dict[str, list[float]] = {name: [] for name in READERS}
    counts: dict[str, int] = {}
    for _ in range(repeats):
        for name, read in READERS.items():
            if counts.get(name) == 0:
                continue
            start = time.process_time()
            try:
                counts[name] = read(str(path))
            except Exception:
                counts[name] = 0
            seconds[name].append(time.process_time() - start)
    cells = []
    for name, count in counts.items():
        mark = " " if count == counts["pyav"] else "!"
        if name == "auto" and next(read_chunks(path)).library == "pyav":
            mark = "*"
        value = f"{statistics.median(seconds[name]) * 1e3 / count:.3f}{mark}" if count else "– "
        cells.append(f"{value:>14}")
    ratio = statistics.median(seconds["auto"]) / statistics.median(seconds["pyav"])
    print(f"{path.name[-36:]:36} {counts['pyav']:6} " + " ".join([*cells, f"{ratio:>14.2f}"]), flush=True)


if __name__ == "__main__":
    run(main, Settings, __doc__)
