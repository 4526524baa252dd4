"""Compare vidfer's two readers with decord, PyAV and OpenCV themselves, in one run, on one core.

    python tools/bench_decode.py clip.avi clip.mp4 … --repeats 9

Each reader opens the file and gives every frame as an RGB array. They take turns. Printed are medians of
milliseconds of processor time (all threads, user and system) per frame: the time that passes on one core of
an idle machine. ``auto`` and ``pyav`` are vidfer with that ``--reader``; ``*`` says that PyAV reads in both.
The last column is auto / pyav. A reader that gives another number of frames than vidfer is marked ``!``, one
that fails ``–``.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import av
import cv2
import decord

from vidfer.crops.decode.video import read_chunks

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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--repeats", type=int, default=9)
    cores = sorted(os.sched_getaffinity(0))
    parser.add_argument("--core", type=int, default=cores[-1], choices=cores)
    args = parser.parse_args()
    if args.repeats < 1:
        parser.error(f"--repeats {args.repeats}: give 1 or more")
    os.sched_setaffinity(0, {args.core})
    cv2.setNumThreads(1)
    decord.logging.set_level(decord.logging.QUIET)
    columns = " ".join(f"{name:>14}" for name in (*READERS, "auto / pyav"))
    print(f"{'ms per frame':36} {'frames':>6} {columns}")
    for path in args.files:
        race(path, args.repeats)


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
    main()
