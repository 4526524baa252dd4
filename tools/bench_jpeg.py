"""How JPEG crops are best decoded, how good they have to be, and where the time of reading goes.

vidfer cache --src folder --root DIR --out raw.h5 --codec raw
python tools/bench_jpeg.py --cache raw.h5

One core, one thread, CPU time; the candidates take turns, and medians are printed.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import cv2
import numpy as np
import simplejpeg
import torch
from counts import check_counts
from program import run
from torchvision.io import ImageReadMode
from torchvision.io import decode_jpeg as torchvision_decode

from vidfer.build.join import concatenate
from vidfer.build.settings import BuildSettings
from vidfer.build.stored_clips import StoredClip
from vidfer.build.write_part import write_part
from vidfer.clips.clip import Clip
from vidfer.crops.track.followed_face import FaceTrack
from vidfer.data.dataset import ClipDataset
from vidfer.data.loader import build_loader
from vidfer.errors import CacheError
from vidfer.store.codec import decode_jpeg, decoding_space, encode_jpeg, split_planes
from vidfer.store.reader import CropCache
from vidfer.store.records import record_of
from vidfer.store.schema import Header

CLIP_FRAMES, READ_FRAMES, READ_PX = 48, 16, 112


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What to measure with."""

    cache: Path
    """A cache made with `--codec raw`; its crops are encoded anew."""
    qualities: tuple[int, ...] = (80, 85, 90, 95)
    """JPEG qualities to compare."""
    frames_per_clip: int = 4
    """Frames of each clip to encode and decode."""
    turns: int = 7
    """How often each candidate takes its turn."""

    def __post_init__(self) -> None:
        check_counts(self, "qualities", "frames_per_clip", "turns")


def main(settings: Settings) -> None:
    """Measure and print three tables."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    cache = CropCache(settings.cache)
    if cache.header.codec != "raw":
        raise CacheError(f"{cache.path} holds JPEGs; make one with `vidfer cache --codec raw`")
    large = some_crops(cache, settings.frames_per_clip)
    small = [shrink(crop) for crop in large]
    quality = BuildSettings().quality
    for crops in (large, small):
        compare_decoders(crops, quality, settings.turns)
    for crops in (large, small):
        compare_qualities(crops, settings.qualities, settings.turns)
    with tempfile.TemporaryDirectory() as folder:
        paths = {"raw": Path(folder) / "raw.h5"} | {q: Path(folder) / f"{q}.h5" for q in settings.qualities}
        for codec, path in paths.items():
            write_for_reading(cache, path, None if codec == "raw" else codec)
        print(f"\nreading {READ_FRAMES} of {CLIP_FRAMES} frames x 3 at {READ_PX} px, random order, clips/s")
        runs = {codec: (lambda path=path: read(path)) for codec, path in paths.items()}
        for codec, seconds in taking_turns(runs, settings.turns).items():
            print(f"  {codec!s:>40}  {1 / seconds:8.0f}")
        os.sched_setaffinity(0, cores)
        compare_loaders(paths[quality] if quality in paths else paths[settings.qualities[-1]], settings.turns)


def some_crops(cache: CropCache, frames_per_clip: int) -> list[np.ndarray]:
    """(S, S, 3) crops of frames with a face, evenly spread over each clip, region after region."""
    crops = []
    for index, clip in enumerate(cache.clips):
        if clip.n_faces:
            faces = np.flatnonzero(cache.frames(index).status)
            chosen = faces[np.linspace(0, len(faces) - 1, frames_per_clip).astype(int)]
            frames = cache.read(index, chosen).transpose(0, 1, 3, 4, 2)
            crops.extend(np.ascontiguousarray(crop) for frame in frames for crop in frame)
    return crops


def shrink(crop: np.ndarray) -> np.ndarray:
    """A crop of the size that is read."""
    return cv2.resize(crop, (READ_PX, READ_PX), interpolation=cv2.INTER_AREA)


def taking_turns(candidates: dict, turns: int) -> dict:
    """Median of what each candidate measures (seconds), in the same order."""
    found = {name: [] for name in candidates}
    for _ in range(turns):
        for name, measure in candidates.items():
            found[name].append(measure())
    return {name: median(times) for name, times in found.items()}


def timed(do: Callable, inputs: list, clock: Callable[[], float] = time.process_time) -> Callable[[], float]:
    """Seconds per input."""

    def measure() -> float:
        begin = clock()
        for one in inputs:
            do(one)
        return (clock() - begin) / len(inputs)

    return measure


def compare_decoders(crops: list[np.ndarray], quality: int, turns: int) -> None:
    """Microseconds a crop, from bytes to planes."""
    size_px = len(crops[0])
    jpegs = [encode_jpeg(crop, quality).tobytes() for crop in crops]
    out, odd = np.empty((3, size_px, size_px), np.uint8), decoding_space(size_px)
    memory = np.empty(size_px * size_px * 3 + 64, np.uint8)
    aligned = memory[-memory.ctypes.data % 64 :][: size_px * size_px * 3].reshape(size_px, size_px, 3)

    def opencv(data: bytes) -> None:
        split_planes(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB), out)

    def torchvision(data: bytes) -> None:
        torchvision_decode(torch.frombuffer(bytearray(data), dtype=torch.uint8), ImageReadMode.RGB)

    def fast_upsampling(data: bytes) -> None:
        split_planes(simplejpeg.decode_jpeg(data, "RGB", fastupsample=True, buffer=odd), out)

    candidates = {
        "cv2.imdecode": opencv,
        "torchvision.io.decode_jpeg": torchvision,
        "simplejpeg, aligned rows": lambda data: decode_jpeg(data, aligned, out),
        "simplejpeg, rows on odd addresses (ours)": lambda data: decode_jpeg(data, odd, out),
        "  with fast upsampling": fast_upsampling,
        "  without the split into planes": lambda data: simplejpeg.decode_jpeg(data, "RGB", buffer=odd),
        "  brightness only": lambda data: simplejpeg.decode_jpeg(data, "GRAY", buffer=odd),
    }
    found = taking_turns({name: timed(do, jpegs) for name, do in candidates.items()}, turns)
    print(f"\ndecoding a crop of {size_px} px, quality {quality}, microseconds")
    for name, seconds in found.items():
        print(f"  {name:>40}  {1e6 * seconds:8.1f}")


def compare_qualities(crops: list[np.ndarray], qualities: tuple[int, ...], turns: int) -> None:
    """Size, error and time for each quality."""
    size_px = len(crops[0])
    space, out = decoding_space(size_px), np.empty((3, size_px, size_px), np.uint8)
    jpegs = {q: [encode_jpeg(crop, q).tobytes() for crop in crops] for q in qualities}
    runs = {q: timed(lambda data: decode_jpeg(data, space, out), jpegs[q]) for q in qualities}
    seconds = taking_turns(runs, turns)
    encoding = taking_turns(
        {q: timed(lambda crop, q=q: encode_jpeg(crop, q), crops) for q in qualities}, turns=3
    )
    print(
        f"\nthree crops of {size_px} px: quality, kB a frame, PSNR dB (mean, least), us to encode, to decode"
    )
    for q in qualities:
        errors = []
        for crop, data in zip(crops, jpegs[q], strict=True):
            decode_jpeg(data, space, out)
            errors.append(np.square(out.transpose(1, 2, 0) - crop.astype(np.float32)).mean())
        psnr = 10 * np.log10(255**2 / np.maximum(errors, 1e-3))
        size = 3 * sum(map(len, jpegs[q])) / len(crops) / 1000
        times = f"{3e6 * encoding[q]:6.0f} {3e6 * seconds[q]:6.0f}"
        print(f"  {q:>40}  {size:8.1f} {psnr.mean():6.1f} {psnr.min():6.1f} {times}")


def write_for_reading(cache: CropCache, path: Path, quality: int | None, n_clips: int = 60) -> None:
    """A cache of clips of 48 frames of 112 px, made of the crops of another."""
    usable = [index for index, clip in enumerate(cache.clips) if clip.n_faces >= 8]
    codec = "raw" if quality is None else "jpeg"
    header = Header(crop_settings={}, codec=codec, quality=quality, size_px=READ_PX, versions={})
    n, clips = CLIP_FRAMES, []
    for number in range(n_clips):
        source = usable[number % len(usable)]
        crops = cache.read(source, np.resize(np.flatnonzero(cache.frames(source).status), n))
        small = np.array([[shrink(crop.transpose(1, 2, 0)) for crop in frame] for frame in crops])
        track = FaceTrack(np.arange(n) / 25, np.zeros((n, 4)), np.zeros((n, 5, 2)), np.ones(n), np.ones(n))
        part = path.with_name(f"{number}.part")
        record = record_of(Clip(id=f"{number:04d}", path=path))
        write_part(part, header, record, [(track, [small])])
        clips.append(StoredClip(record, part, 0))
    concatenate(clips, header, path)


def read(path: Path, n_reads: int = 100) -> float:
    """Seconds a clip in random order."""
    cache, rng = CropCache(path), np.random.default_rng(0)
    clips = rng.integers(len(cache), size=n_reads)
    frames = [np.sort(rng.choice(CLIP_FRAMES, READ_FRAMES, replace=False)) for _ in clips]
    begin = time.process_time()
    for clip, chosen in zip(clips.tolist(), frames):
        cache.read(clip, chosen)
    return (time.process_time() - begin) / n_reads


def compare_loaders(path: Path, turns: int, batch_size: int = 16) -> None:
    """Clips a second out of a DataLoader, by who decodes; wall clock, since two processes work."""
    clips = np.arange(len(CropCache(path))).repeat(4)
    print("\nthe same through a DataLoader, clips/s (wall clock; JPEGs still to be decoded in brackets)")
    runs = {}
    for workers in (0, 1):
        for decode in ("worker", "device"):
            dataset = ClipDataset(path, clips, n_frames=READ_FRAMES, training=True, decode=decode)
            loader = build_loader(dataset, batch_size, shuffle=True, workers=workers)
            name = f"{workers} workers, " + ("decoded" if decode == "worker" else "[encoded]")
            runs[name] = lambda loader=loader: timed(len, loader, time.perf_counter)() / batch_size
            runs[name]()  # the worker starts
    for name, seconds in taking_turns(runs, turns).items():
        print(f"  {name:>40}  {1 / seconds:8.0f}")


if __name__ == "__main__":
    run(main, Settings, __doc__)
