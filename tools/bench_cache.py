"""How fast caches are built and read, their size and the memory it takes; medians of several runs.

python tools/bench_cache.py                        # synthetic actors of 720 x 576 pixels, drawn anew
python tools/bench_cache.py --root DIR --source folder
"""

from __future__ import annotations

import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import cv2
import numpy as np
import psutil
import torch
import tyro

from vidfer.clips import find_clips
from vidfer.clips.clip import Clip
from vidfer.crops.decode import read_chunks
from vidfer.crops.settings import CropSettings
from vidfer.store.build import BuildReport, build_cache
from vidfer.store.concatenate import StoredClip, concatenate
from vidfer.store.part import write_part
from vidfer.store.reader import CropCache
from vidfer.store.records import FrameTable, record_of
from vidfer.store.schema import Header
from vidfer.store.settings import BuildSettings


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What to measure with."""

    root: Path | None = None
    """Videos to use; actors are drawn when not given."""
    source: str = "folder"
    """How to read `root`, a name that `vidfer sources` lists."""
    max_clips: int = 16
    """At most so many of them, evenly spread."""
    size_px: int = 224
    """Side of the crops that are built."""
    repeats: int = 3
    """Runs of each measurement; the median is printed."""
    workers: tuple[int, ...] = (1, 2)
    """Numbers of worker processes to compare."""


def main(settings: Settings) -> None:
    """Measure and print a table."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        clips = choose_clips(settings, Path(folder))
        crops = CropSettings(size_px=settings.size_px)
        row("clips", f"{len(clips)}")
        row("decoding alone, 1 process", f"{median_of(settings, lambda: decode(clips)):.0f} frames/s")
        out = Path(folder) / "c.h5"
        build(clips[:1], out, crops, 1)  # the libraries are loaded once and stay loaded
        speeds = {}
        for workers in settings.workers:
            runs = [build(clips, out, crops, workers) for _ in range(settings.repeats)]
            speeds[workers] = median(report.n_frames / report.seconds for report, _ in runs)
            row(f"building, {workers} worker(s)", f"{speeds[workers]:.1f} frames/s")
            row(
                f"  peak memory of a worker, {workers} worker(s)",
                f"{max(peak for _, peak in runs) / 1e6:.0f} MB",
            )
        report, _ = runs[-1]
        for stage, seconds in report.stage_s.items():
            row(f"  {stage}", f"{1000 * seconds / report.n_frames:.2f} ms a frame")
        if len(speeds) > 1:
            few, many = min(speeds), max(speeds)
            row(f"{many} workers against {few}", f"{speeds[many] / speeds[few]:.2f} x")
        cache = CropCache(out)
        n_bytes = out.stat().st_size
        seconds_of_video = sum(float(np.ptp(cache.frames(i).times_s)) for i in range(len(cache)))
        row("size", f"{n_bytes / report.n_frames / 1000:.1f} kB a frame")
        row("size", f"{n_bytes / seconds_of_video * 3600 / 1e9:.2f} GB an hour of video")
        for codec in ("jpeg", "raw"):
            path = Path(folder) / f"{codec}.h5"
            write_for_reading(cache, path, codec)
            row(
                f"reading 16 of 48 frames x 3 at 112 px, {codec}",
                f"{median_of(settings, lambda path=path: read(path)):.0f} clips/s",
            )


def choose_clips(settings: Settings, folder: Path) -> list[Clip]:
    """Clips of the user's videos, or of actors drawn for the purpose."""
    if settings.root is None:
        from vidfer.actors.film import write_actors
        from vidfer.actors.settings import ActorSettings

        actors = ActorSettings(
            size=(720, 576),
            min_duration_s=2.0,
            max_duration_s=4.0,
            train_per_class=1,
            val_per_class=1,
            test_per_class=1,
            novel_per_class=0,
            novel_labels=(),
            unlabelled=2,
        )
        write_actors(actors, folder / "actors")
        clips = find_clips("actors", folder / "actors")
    else:
        clips = find_clips(settings.source, settings.root)
    chosen = np.unique(np.linspace(0, len(clips) - 1, settings.max_clips).round().astype(int))
    return [clips[i] for i in chosen]


def decode(clips: list[Clip]) -> float:
    """Frames a second of reading alone."""
    begin = time.perf_counter()
    n_frames = sum(len(chunk) for clip in clips for chunk in read_chunks(clip.path))
    return n_frames / (time.perf_counter() - begin)


def build(clips: list[Clip], out: Path, crops: CropSettings, workers: int) -> tuple[BuildReport, int]:
    """Build anew; also the largest memory of any worker, in bytes."""
    out.unlink(missing_ok=True)
    peak, done = [0], threading.Event()

    def watch() -> None:
        while not done.wait(0.05):
            this = psutil.Process()  # its children are helpers of multiprocessing, theirs the workers
            for process in set(this.children(recursive=True)) - set(this.children()):
                try:
                    peak[0] = max(peak[0], process.memory_info().rss)
                except psutil.NoSuchProcess:
                    continue

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        return build_cache(clips, out, crops, BuildSettings(workers=workers)), peak[0]
    finally:
        done.set()
        watcher.join()


def write_for_reading(cache: CropCache, path: Path, codec: str, n_clips: int = 60) -> None:
    """A cache of clips of 48 frames of 112 px, made of the crops that were built."""
    usable = [i for i, clip in enumerate(cache.clips) if clip.n_faces >= 8]
    header = Header(
        crop_settings={}, codec=codec, quality=95 if codec == "jpeg" else None, size_px=112, versions={}
    )
    pairs = []
    for number in range(n_clips):
        source = usable[number % len(usable)]
        faces = np.flatnonzero(cache.frames(source).status)
        crops = cache.read(source, np.resize(faces, 48)).transpose(0, 1, 3, 4, 2)
        small = [
            [cv2.resize(crop, (112, 112), interpolation=cv2.INTER_AREA) for crop in frame] for frame in crops
        ]
        table = FrameTable(
            np.arange(48) / 25, np.zeros((48, 4)), np.zeros((48, 5, 2)), np.ones(48), np.ones(48, np.uint8)
        )
        record = record_of(Clip(id=f"{number:04d}", path=path))
        part = path.with_name(f"{codec}{number}.part")
        write_part(part, header, record, table, [np.array(small)])
        pairs.append((record, StoredClip(part, 0)))
    concatenate(pairs, header, path)


def read(path: Path, n_reads: int = 150) -> float:
    """Clips a second in random order, one process, one thread."""
    cache, rng = CropCache(path), np.random.default_rng(0)
    begin = time.perf_counter()
    for _ in range(n_reads):
        cache.read(int(rng.integers(len(cache))), np.sort(rng.choice(48, 16, replace=False)))
    return n_reads / (time.perf_counter() - begin)


def median_of(settings: Settings, measure) -> float:
    """The median of several runs."""
    return median(measure() for _ in range(settings.repeats))


def row(name: str, value: str) -> None:
    """One line of the table, as soon as it is known."""
    print(f"{name:48} {value}", flush=True)


if __name__ == "__main__":
    main(tyro.cli(Settings, description=__doc__))
