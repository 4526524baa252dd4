"""Where the time of a training step goes, in CPU time, and how far it is from what the processor can do.

    OMP_NUM_THREADS=1 python tools/profile_training.py --encoder resnet18 --width 32 --frames 1

Number formats take turns. The limit is the best of a large matrix product and a large convolution.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from counts import check_counts
from program import run
from torch.utils.flop_counter import FlopCounterMode

from vidfer.build.join import concatenate
from vidfer.build.stored_clips import StoredClip
from vidfer.build.write_part import write_part
from vidfer.clips.clip import Clip
from vidfer.crops import REGIONS, STATUS
from vidfer.crops.track.followed_face import FaceTrack
from vidfer.data.dataset import ClipDataset
from vidfer.data.loader import build_loader
from vidfer.data.settings import NoiseSettings
from vidfer.learn.keep_memory import keep_freed_memory
from vidfer.learn.losses import noisy_student_loss, smooth_targets
from vidfer.learn.noised_input import NoisedInput
from vidfer.learn.optimiser import build_optimiser
from vidfer.learn.settings import OptimSettings
from vidfer.models.build import build_recogniser
from vidfer.models.ema import Ema
from vidfer.models.encoders import ENCODERS
from vidfer.models.settings import ModelSettings
from vidfer.store.reader import CropCache
from vidfer.store.records import record_of
from vidfer.store.schema import Header

PARTS = ("data", "input and noise", "forward", "backward", "optimiser and EMA")
FORMATS = {"fp32": torch.float32, "bf16": torch.bfloat16}
CLASSES = 7


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Where the time of a training step goes."""

    cache: Path | None = None
    """Cache whose clips to read; by default one of random crops is made."""
    size_px: int = 64
    """Side of the crops in the cache that is made."""
    encoder: Literal["grouped_resnet18", "resnet18"] = "grouped_resnet18"
    """The network."""
    input_px: int = 64
    """Side of the crops in the network."""
    width: int = 16
    """Width of the network."""
    frames: int = 4
    """Frames of each clip."""
    batch_size: int = 32
    """Clips in a step."""
    steps: int = 8
    """Measured steps; two more run before them and are not measured."""
    workers: int = 0
    """Data loader processes, whose time is not counted."""
    threads: int = 1
    """Threads of torch."""

    def __post_init__(self) -> None:
        check_counts(self, "size_px", "input_px", "width", "frames", "batch_size", "steps", "threads")
        check_counts(self, "workers", least=0)


def write_noise_cache(path: Path, clips: int, size_px: int, splits: tuple[str, ...] = ("train",)) -> None:
    """Write a JPEG cache of random clips, each of 25 blurred frames, about as hard to decode as faces.

    The splits take turns: seven clips each, one of every class.
    """
    header = Header(crop_settings={}, codec="jpeg", quality=95, size_px=size_px, versions={})
    rng = np.random.default_rng(0)
    stored = []
    for number in range(clips):
        coarse = rng.integers(60, 200, (25, len(REGIONS), size_px // 8, size_px // 8, 3), dtype=np.uint8)
        crops = coarse.repeat(8, 2).repeat(8, 3)
        crops = crops + rng.integers(0, 8, (25, 3, size_px, size_px, 3), dtype=np.uint8)
        split = splits[number // 7 % len(splits)]
        label = None if split == "unlabelled" else str(number % 7)
        clip = Clip(id=f"{number:04d}", path=Path(f"{number:04d}"), label=label, split=split)
        status = np.full(25, STATUS.index("detected"), np.uint8)
        track = FaceTrack(np.arange(25) / 25, np.zeros((25, 4)), np.zeros((25, 5, 2)), np.ones(25), status)
        part = path.with_name(f"{number}.h5")
        write_part(part, header, record_of(clip), [(track, [crops])])
        stored.append(StoredClip(record_of(clip), part, 0))
    concatenate(stored, header, path)


class Training:
    """The steps of a training in one number format, which can take turns with those of another."""

    def __init__(self, cache: Path, settings: Settings, number_format: str) -> None:
        steps = settings.steps + 2
        clips = np.arange(steps * settings.batch_size) % len(CropCache(cache))
        encoder = ENCODERS[settings.encoder].Settings(width=settings.width, input_px=settings.input_px)
        dataset = ClipDataset(
            cache, clips, clips % CLASSES, n_frames=settings.frames, training=True, regions=encoder.regions
        )
        loader = build_loader(dataset, settings.batch_size, workers=settings.workers)
        self.model = build_recogniser(
            ModelSettings(encoder=encoder), [str(i) for i in range(CLASSES)]
        ).train()
        self.noise = NoisedInput(NoiseSettings(), settings.input_px, encoder.regions).train()
        self.optimiser, self.schedule = build_optimiser(self.model, OptimSettings(), epochs=1, batches=steps)
        self.ema, self.batches, self.half = Ema(self.model, 0.999), iter(loader), number_format == "bf16"
        self.cpu_s: list[list[float]] = []
        self.clock_s: list[float] = []

    def step(self) -> None:
        """Do a step, and note the time of each of its parts."""
        start, times = time.perf_counter(), [time.process_time()]
        batch = next(self.batches)
        times.append(time.process_time())
        crops = self.noise(batch["crops"])
        times.append(time.process_time())
        with torch.autocast("cpu", torch.bfloat16, enabled=self.half):
            logits = self.model(crops, batch["frame_mask"])
        targets, pseudo = smooth_targets(batch["label"], CLASSES, 0.1), torch.zeros(len(logits)).bool()
        loss = sum(noisy_student_loss(logits, targets, pseudo))
        times.append(time.process_time())
        self.optimiser.zero_grad()
        loss.backward()
        times.append(time.process_time())
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self.schedule.step()
        self.ema.update(self.model)
        times.append(time.process_time())
        self.cpu_s.append([after - before for before, after in pairwise(times)])
        self.clock_s.append(time.perf_counter() - start)


def largest_rate(number_format: str) -> float:
    """Operations per second of CPU time, of a product of matrices or a convolution, whichever is faster."""
    dtype, n = FORMATS[number_format], 2048
    matrix = torch.randn(n, n).to(dtype)
    images = torch.randn(32, 256, 16, 16).to(dtype, memory_format=torch.channels_last)
    kernels = torch.randn(256, 256, 3, 3).to(dtype, memory_format=torch.channels_last)
    return max(
        2 * n**3 / least_cpu_s(lambda: matrix @ matrix),
        2 * images.numel() * kernels[0].numel()
        / least_cpu_s(lambda: torch.nn.functional.conv2d(images, kernels, padding=1)),
    )  # fmt: skip


@torch.no_grad()
def least_cpu_s(work: Callable[[], object], repeats: int = 7) -> float:
    """Least CPU time of some repetitions."""
    found = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        found.append(time.process_time() - start)
    return min(found)


def main(settings: Settings) -> None:
    torch.set_num_threads(settings.threads)
    keep_freed_memory()  # as a recipe
    with tempfile.TemporaryDirectory() as folder:
        cache = settings.cache or Path(folder) / "noise.h5"
        if settings.cache is None:
            write_noise_cache(cache, 64, settings.size_px)
        trainings = {name: Training(cache, settings, name) for name in FORMATS}
        with FlopCounterMode(display=False) as counter:
            trainings["fp32"].step()
        trainings["bf16"].step()
        for _ in range(settings.steps + 1):
            for training in trainings.values():
                training.step()
    operations = counter.get_total_flops()
    print(
        f"{settings.encoder} of width {settings.width}, {settings.input_px} px: "
        f"{operations / settings.batch_size / 1e6:.0f} million operations per clip and step, "
        f"{settings.threads} thread(s)"
    )
    for name, training in trainings.items():
        parts = [statistics.median(column) for column in zip(*training.cpu_s[2:])]
        cpu_s, clock_s = sum(parts), statistics.median(training.clock_s[2:])
        shares = ", ".join(f"{part} {1e3 * seconds:.0f}" for part, seconds in zip(PARTS, parts))
        rate, limit = operations / (parts[2] + parts[3]), largest_rate(name)
        print(
            f"{name}: {settings.batch_size / cpu_s:.0f} clips per CPU second, "
            f"{settings.batch_size / clock_s:.0f} by the clock; CPU ms: {shares}; network "
            f"{rate / 1e9:.0f} of {limit / 1e9:.0f} GFLOP/s"
        )


if __name__ == "__main__":
    run(main, Settings, __doc__)
