"""Do planning and joining get slower or larger with very many clips? Parts are noise; no video is read.

python tools/bench_join.py --clips 100000
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
from counts import check_counts
from program import run

from vidfer.build.build_cache import build_cache
from vidfer.build.header import header_of
from vidfer.build.parts_folder import PartsFolder
from vidfer.build.settings import BuildSettings
from vidfer.build.write_part import write_part
from vidfer.clips.clip import Clip
from vidfer.crops.settings import CropSettings
from vidfer.crops.track.followed_face import FaceTrack
from vidfer.store.reader import CropCache
from vidfer.store.records import record_of


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How many clips of which size."""

    clips: int = 10_000
    """Number of clips."""
    frames: int = 16
    """Frames of each."""
    size_px: int = 32
    """Side of the crops."""

    def __post_init__(self) -> None:
        check_counts(self, "clips", "frames", "size_px")


def main(settings: Settings) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "c.h5"
        names = (f"{i // 1000:03d}/{i:06d}.avi" for i in range(settings.clips))
        clips = [Clip(id=name, path=Path(folder) / name, label="happy") for name in names]
        crops, build = CropSettings(size_px=settings.size_px), BuildSettings()
        write_parts(clips, out, crops, build, settings.frames)
        joining = Marks("joining")
        begin = time.perf_counter()
        build_cache(clips, out, crops, build, join_progress=joining)
        row("planning, joining and all else", f"{time.perf_counter() - begin:.1f} s")
        joining.tell()
        row("size", f"{out.stat().st_size / 1e6:.0f} MB")
        begin = time.perf_counter()
        build_cache(clips, out, crops, build)
        row("a start with nothing to do", f"{time.perf_counter() - begin:.1f} s")
        begin = time.perf_counter()
        row("opening the cache", f"{len(CropCache(out).clips)} clips, {time.perf_counter() - begin:.2f} s")


class Marks:
    """Processor time and memory at each thousand clips."""

    def __init__(self, what: str) -> None:
        self.what = what
        self.at: list[tuple[float, float]] = []

    def __call__(self, done: int, total: int) -> None:
        if done % 1000 == 0:
            self.at.append((time.process_time(), psutil.Process().memory_info().rss / 1e6))

    def tell(self) -> None:
        """Print the last thousands compared with the first."""
        seconds, n = np.diff([s for s, _ in self.at]), max(1, len(self.at) // 10)
        some = " ".join(f"{s:.2f}" for s in seconds[::n])
        row(f"{self.what}, CPU seconds for a thousand", some)
        last, first = np.median(seconds[-n:]), np.median(seconds[:n])
        row(f"{self.what}, last tenth against first", f"{last / first:.3f} x")
        row(f"{self.what}, memory", f"{self.at[0][1]:.0f} MB at first, {self.at[-1][1]:.0f} MB at last")


def write_parts(
    clips: list[Clip], out: Path, crops: CropSettings, build: BuildSettings, n_frames: int
) -> None:
    """Write parts as workers would have left them."""
    parts, header = PartsFolder.beside(out), header_of(crops, build)
    parts.folder.mkdir()
    parts.prepare(header, overwrite=False)
    shape = (n_frames, 3, crops.size_px, crops.size_px, 3)
    noise = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    ones = np.ones(n_frames, np.uint8)
    track = FaceTrack(np.arange(n_frames) / 25, np.ones((n_frames, 4)), np.ones((n_frames, 5, 2)), ones, ones)
    marks = Marks("writing parts")
    for done, clip in enumerate(clips, 1):
        record = record_of(clip)
        write_part(parts.path_of(record), header, record, [(track, [noise])])
        marks(done, len(clips))
    marks.tell()


def row(name: str, value: str) -> None:
    """One line of the table, as soon as it is known."""
    print(f"{name:44} {value}", flush=True)


if __name__ == "__main__":
    run(main, Settings, __doc__)
