"""Whether building a cache of very many clips slows down or grows on its way.

python tools/bench_many_clips.py --clips 10000            # real videos of 16 frames, read by workers
python tools/bench_many_clips.py --clips 100000 --parts   # parts written directly: planning and joining alone
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
import tyro

from vidfer.actors.draw import draw_clip
from vidfer.actors.film import encode
from vidfer.actors.identity import sample_identity
from vidfer.clips.clip import Clip
from vidfer.crops.settings import CropSettings
from vidfer.store.build import build_cache
from vidfer.store.header import header_of
from vidfer.store.part import write_part
from vidfer.store.parts_folder import PartsFolder
from vidfer.store.reader import CropCache
from vidfer.store.records import FrameTable, record_of
from vidfer.store.settings import BuildSettings

N_FRAMES = 16
MOST_NAMES = 10_000
"""File systems have a limit on the names of one file."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How many clips, and how they are read."""

    clips: int = 10_000
    """Number of clips."""
    parts: bool = False
    """Write parts of noise instead of reading videos."""
    workers: int = 2
    """Worker processes."""
    size_px: int = 32
    """Side of the crops."""


def main(settings: Settings) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        videos, out = Path(folder) / "videos", Path(folder) / "c.h5"
        videos.mkdir()
        clips = draw_many(videos, settings.clips)
        crops = CropSettings(size_px=settings.size_px)
        build = BuildSettings(workers=settings.workers)
        if settings.parts:
            write_parts(clips, out, crops, build)
        reading, joining = Marks("reading"), Marks("joining")
        begin = time.perf_counter()
        report = build_cache(clips, out, crops, build, progress=reading, join_progress=joining)
        row("the whole build", f"{time.perf_counter() - begin:.1f} s")
        for stage, seconds in report.stage_s.items():
            row(f"  {stage}", f"{seconds:.1f} s in all workers")
        for marks in (reading, joining):
            marks.tell()
        begin = time.perf_counter()
        build_cache(clips, out, crops, build)
        row("a start with nothing to do", f"{time.perf_counter() - begin:.1f} s")
        begin = time.perf_counter()
        CropCache(out).clips  # noqa: B018
        row("opening the cache", f"{time.perf_counter() - begin:.2f} s")


class Marks:
    """Time and memory at each thousand clips."""

    def __init__(self, what: str) -> None:
        self.what = what
        self.at: list[tuple[float, float, float]] = []

    def __call__(self, done: int, total: int) -> None:
        if done % 1000 == 0 and threading.current_thread() is threading.main_thread():
            this = psutil.Process()
            workers = [w.memory_info().rss for child in this.children() for w in child.children()]
            self.at.append((time.perf_counter(), this.memory_info().rss / 1e6, max(workers, default=0) / 1e6))

    def tell(self) -> None:
        """The last thousand against the first."""
        if len(self.at) < 3:
            return
        seconds = np.diff([t for t, _, _ in self.at])
        row(
            f"{self.what}, each thousand",
            " ".join(f"{s:.2f}" for s in seconds[:: max(1, len(seconds) // 10)]) + " s",
        )
        row(f"{self.what}, last thousand against first", f"{seconds[-1] / seconds[0]:.3f} x")
        first, last = self.at[1], self.at[-1]
        row(
            f"{self.what}, memory of the program",
            f"{first[1]:.0f} MB after 1000, {last[1]:.0f} MB at the end",
        )
        if last[2]:
            row(f"{self.what}, memory of the largest worker", f"{first[2]:.0f} MB, {last[2]:.0f} MB")


def draw_many(folder: Path, n: int) -> list[Clip]:
    """One short video under many names."""
    frames, _ = draw_clip(
        sample_identity(np.random.default_rng(0)),
        "happy",
        setting="studio",
        seed=(0,),
        n_frames=N_FRAMES,
        fps=25,
        size=(128, 96),
    )
    first = folder / "video.avi"
    encode(frames, first, fps=25, crf=20)
    paths = [folder / f"{i:06d}.avi" for i in range(n)]
    for i, path in enumerate(paths):
        if i % MOST_NAMES == 0:
            first = Path(shutil.copy(first, path))
        else:
            os.link(first, path)
    return [Clip(id=f"{path.stem[:3]}/{path.name}", path=path, label="happy") for path in paths]


def write_parts(clips: list[Clip], out: Path, crops: CropSettings, build: BuildSettings) -> None:
    """Parts as workers would have left them."""
    parts, header = PartsFolder.beside(out), header_of(crops, build)
    parts.folder.mkdir()
    parts.prepare(header, overwrite=False)
    size_px, n = crops.size_px, N_FRAMES
    noise = np.random.default_rng(0).integers(0, 256, (n, 3, size_px, size_px, 3), dtype=np.uint8)
    table = FrameTable(
        np.arange(n) / 25, np.ones((n, 4)), np.ones((n, 5, 2)), np.ones(n), np.ones(n, np.uint8)
    )
    marks = Marks("writing parts")
    for done, clip in enumerate(clips, 1):
        record = record_of(clip)
        write_part(parts.path_of(record), header, record, table, [noise])
        marks(done, len(clips))
    marks.tell()


def row(name: str, value: str) -> None:
    """One line of the table, as soon as it is known."""
    print(f"{name:44} {value}", flush=True)


if __name__ == "__main__":
    main(tyro.cli(Settings, description=__doc__))
