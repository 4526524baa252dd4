"""How fast caches are built and read, and how large they are: both sides in one run, medians.

    python tools/bench_cache.py                                      # drawn actors of 720 x 576 pixels
    python tools/bench_cache.py --root DIR --source folder --max-clips 12

Every process is kept on one core, with one thread to each library; the sides take turns. Docs:
``docs/benchmarks.md``.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import cv2
import numpy as np
import psutil
import torch
from counts import check_counts
from program import run

from vidfer.build.build_cache import build_cache
from vidfer.build.join import concatenate
from vidfer.build.settings import BuildSettings
from vidfer.build.stored_clips import StoredClip
from vidfer.build.write_part import write_part
from vidfer.clips import find_clips
from vidfer.clips.clip import Clip
from vidfer.crops.decode.video import read_chunks
from vidfer.crops.settings import CropSettings
from vidfer.crops.track.followed_face import FaceTrack
from vidfer.store.reader import CropCache
from vidfer.store.records import record_of
from vidfer.store.schema import Header


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What to measure with."""

    root: Path | None = None
    """Videos to use; wild actors of 720 x 576 pixels are drawn when not given."""
    source: str = "folder"
    """How to read `root`, a name that `vidfer sources` lists."""
    max_clips: int = 14
    """At most so many of them, evenly spread."""
    repeats: int = 3
    """Runs of each measurement; the median is printed."""
    quality: int = BuildSettings().quality_for(CropSettings().size_px)
    """JPEG quality."""

    def __post_init__(self) -> None:
        check_counts(self, "max_clips", "repeats")


def main(settings: Settings) -> None:
    """Measure and print a table."""
    # Here, because worker processes import this file too, and facenet-pytorch takes them two seconds.
    from mtcnn_loop import build_by_loop, read_with_decord

    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    cores = sorted(os.sched_getaffinity(0))[:2]
    with tempfile.TemporaryDirectory() as folder:
        clips = choose_clips(settings, Path(folder))
        print(f"{len(clips)} clips; quality {settings.quality}; every process on one core")
        rates = race(
            {
                "decoding alone, vidfer with PyAV": lambda: decode(clips),
                "decoding alone, decord": lambda: sum(len(read_with_decord(clip.path)) for clip in clips),
                "loop over MTCNN.detect": lambda: build_by_loop(
                    clips, Path(folder) / "loop.h5", CropSettings(), settings.quality
                ),
                "vidfer cache, 1 process": lambda: build(clips, Path(folder) / "one.h5", settings, cores[:1]),
                "vidfer cache, 2 processes": lambda: build(clips, Path(folder) / "two.h5", settings, cores),
            },
            settings.repeats,
            cores[0],
        )
        for name, rate in rates.items():
            row(name, f"{rate:.1f} frames/s")
        own, decord, loop, one, two = rates.values()
        row("1 process against the loop", f"{one / loop:.1f} x")
        row("1 process against decoding alone, vidfer with PyAV", f"{one / own:.2f}")
        row("1 process against decoding alone, decord", f"{one / decord:.2f}")
        row("2 processes against 1", f"{two / one:.2f} x")
        measure_size(clips, Path(folder), settings)
        measure_reading(CropCache(Path(folder) / "one.h5"), Path(folder), settings, cores[0])


def choose_clips(settings: Settings, folder: Path) -> list[Clip]:
    """Clips of the user's videos, or of actors drawn for the purpose."""
    if settings.root is None:
        from vidfer.actors.settings import ActorSettings
        from vidfer.actors.write import write_actors

        actors = ActorSettings(
            setting="wild",
            size=(720, 576),
            min_duration_s=2.0,
            max_duration_s=4.0,
            train_per_class=2,
            val_per_class=0,
            test_per_class=0,
            novel_per_class=0,
            novel_labels=(),
            unlabelled=1,
        )
        write_actors(actors, folder / "actors", workers=2)
        clips = find_clips("actors", folder / "actors")
    else:
        clips = find_clips(settings.source, settings.root)
    chosen = np.unique(np.linspace(0, len(clips) - 1, settings.max_clips).round().astype(int))
    return [clips[i] for i in chosen]


def race(works: dict[str, Callable[[], int]], repeats: int, core: int) -> dict[str, float]:
    """Median frames a second of each work; they take turns, and each is run once before."""
    seconds: dict[str, list[float]] = {name: [] for name in works}
    frames = {}
    for turn in range(repeats + 1):
        for name, work in works.items():
            os.sched_setaffinity(0, {core})
            begin = time.perf_counter()
            frames[name] = work()
            if turn:
                seconds[name].append(time.perf_counter() - begin)
    return {name: frames[name] / median(taken) for name, taken in seconds.items()}


def decode(clips: Sequence[Clip]) -> int:
    return sum(len(chunk) for clip in clips for chunk in read_chunks(clip.path, reader="pyav"))


def build(clips: Sequence[Clip], out: Path, settings: Settings, cores: list[int], codec: str = "jpeg") -> int:
    """Build anew with a process on each of the cores; the number of frames."""
    out.unlink(missing_ok=True)
    os.sched_setaffinity(0, set(cores))
    for child in psutil.Process().children():  # workers are forked from one of these, and inherit its cores
        child.cpu_affinity(cores)
    how = BuildSettings(workers=len(cores), quality=settings.quality, codec=codec)
    return build_cache(clips, out, CropSettings(), how).n_frames


def measure_size(clips: Sequence[Clip], folder: Path, settings: Settings) -> None:
    """Bytes per frame, and PSNR of the stored crops to the exact ones."""
    build(clips, folder / "raw.h5", settings, [0], codec="raw")
    small, exact = CropCache(folder / "one.h5"), CropCache(folder / "raw.h5")
    n_frames = sum(clip.n_frames for clip in small.clips)
    row("size", f"{small.path.stat().st_size / n_frames / 1000:.1f} kB a frame")
    psnr = []
    for index in range(len(small)):
        frames = np.flatnonzero(small.frames(index).status)[::5]
        if len(frames):
            off = small.read(index, frames).astype(np.float32) - exact.read(index, frames)
            psnr.append(10 * np.log10(255**2 / np.maximum((off**2).mean(axis=(2, 3, 4)), 1e-9)))
    values = np.concatenate(psnr)
    row("PSNR to the raw crops", f"mean {values.mean():.1f} dB, least {values.min():.1f} dB")


def measure_reading(cache: CropCache, folder: Path, settings: Settings, core: int) -> None:
    """Clips a second: 16 of 48 frames x 3 regions at 112 px, in random order."""
    for codec in ("jpeg", "raw"):
        write_for_reading(cache, folder / f"{codec}_112.h5", codec, settings.quality)
    works = {codec: lambda codec=codec: read(folder / f"{codec}_112.h5") for codec in ("jpeg", "raw")}
    for codec, rate in race(works, max(settings.repeats, 5), core).items():
        row(f"reading 16 of 48 frames at 112 px, {codec}", f"{rate:.0f} clips/s")


def write_for_reading(cache: CropCache, path: Path, codec: str, quality: int, n_clips: int = 60) -> None:
    """A cache of clips of 48 frames of 112 px, made of the crops that were built."""
    usable = [i for i, clip in enumerate(cache.clips) if clip.n_faces >= 8]
    header = Header(
        crop_settings={}, codec=codec, quality=quality if codec == "jpeg" else None, size_px=112, versions={}
    )
    clips = []
    for number in range(n_clips):
        source = usable[number % len(usable)]
        faces = np.flatnonzero(cache.frames(source).status)
        crops = cache.read(source, np.resize(faces, 48)).transpose(0, 1, 3, 4, 2)
        small = [
            [cv2.resize(crop, (112, 112), interpolation=cv2.INTER_AREA) for crop in frame] for frame in crops
        ]
        track = FaceTrack(
            np.arange(48) / 25, np.zeros((48, 4)), np.zeros((48, 5, 2)), np.ones(48), np.ones(48, np.uint8)
        )
        record = record_of(Clip(id=f"{number:04d}", path=path))
        part = path.with_name(f"{codec}{number}.part")
        write_part(part, header, record, [(track, [np.array(small)])])
        clips.append(StoredClip(record, part, 0))
    concatenate(clips, header, path)


def read(path: Path, n_reads: int = 200) -> int:
    """Read so many clips in random order, in one process with one thread; their number."""
    cache, rng = CropCache(path), np.random.default_rng(0)
    for _ in range(n_reads):
        cache.read(int(rng.integers(len(cache))), np.sort(rng.choice(48, 16, replace=False)))
    return n_reads


def row(name: str, value: str) -> None:
    """One line of the table, as soon as it is known."""
    print(f"{name:48} {value}", flush=True)


if __name__ == "__main__":
    run(main, Settings, __doc__)
