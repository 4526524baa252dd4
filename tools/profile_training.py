"""Where the time of a training step goes: waiting for data, noise, forward, backward and optimiser.

Example: python tools/profile_training.py --size-px 64 --workers 0 1 2
"""

from __future__ import annotations

import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import tyro
from counts import check_counts

from vidfer.build.join import concatenate
from vidfer.build.stored_clips import StoredClip
from vidfer.build.write_part import write_part
from vidfer.clips.clip import Clip
from vidfer.crops import REGIONS, STATUS
from vidfer.crops.track.followed_face import FaceTrack
from vidfer.data.dataset import ClipDataset
from vidfer.data.loader import build_loader
from vidfer.data.settings import NoiseSettings
from vidfer.errors import exit_on_user_error
from vidfer.learn.losses import noisy_student_loss
from vidfer.learn.noised_input import NoisedInput
from vidfer.learn.optimiser import build_optimiser
from vidfer.learn.settings import OptimSettings
from vidfer.learn.supervised import batch_targets
from vidfer.models.build import build_recogniser
from vidfer.models.encoders.grouped_resnet18 import GroupedResNet18Settings
from vidfer.models.heads.prototype import PrototypeSettings
from vidfer.models.settings import ModelSettings
from vidfer.store.records import record_of
from vidfer.store.schema import Header

PARTS = ("data", "input and noise", "forward", "backward", "optimiser")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Where the time of a training step goes."""

    size_px: int = 64
    """Side of the crops in the cache."""
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
    workers: tuple[int, ...] = (0, 1, 2)
    """Numbers of data loader processes to compare."""
    threads: int = 2
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


def measure(cache: Path, settings: Settings, workers: int) -> dict[str, float]:
    """Median seconds of each part of a step."""
    steps = settings.steps + 2
    clips = np.arange(steps * settings.batch_size) % 64
    dataset = ClipDataset(cache, clips, clips % 7, n_frames=settings.frames, training=True)
    loader = build_loader(dataset, settings.batch_size, workers=workers)
    model_settings = ModelSettings(
        encoder=GroupedResNet18Settings(width=settings.width, input_px=settings.input_px),
        head=PrototypeSettings(),
    )
    model = build_recogniser(model_settings, [str(i) for i in range(7)]).train()
    prepare = NoisedInput(NoiseSettings(), settings.input_px).train()
    optimiser, schedule = build_optimiser(model, OptimSettings(), epochs=1, batches=steps)
    seconds: dict[str, list[float]] = {name: [] for name in PARTS}
    batches = iter(loader)
    for _ in range(steps):
        times = [time.perf_counter()]
        batch = next(batches)
        times.append(time.perf_counter())
        crops = prepare(batch["crops"])
        times.append(time.perf_counter())
        logits = model(crops, batch["frame_mask"])
        targets, pseudo = batch_targets(batch, logits.shape[1], 0.1)
        loss = sum(noisy_student_loss(logits, targets, pseudo))
        times.append(time.perf_counter())
        optimiser.zero_grad()
        loss.backward()
        times.append(time.perf_counter())
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        times.append(time.perf_counter())
        for name, before, after in zip(PARTS, times[:-1], times[1:], strict=True):
            seconds[name].append(after - before)
    return {name: statistics.median(values[2:]) for name, values in seconds.items()}


def main(settings: Settings) -> None:
    torch.set_num_threads(settings.threads)
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder) / "noise.h5"
        write_noise_cache(cache, 64, settings.size_px)
        for workers in settings.workers:
            found = measure(cache, settings, workers)
            step_s = sum(found.values())
            shares = ", ".join(f"{name} {seconds / step_s:.0%}" for name, seconds in found.items())
            clips_per_s = settings.batch_size / step_s
            print(f"workers {workers}, threads {settings.threads}: {clips_per_s:.1f} clips/s ({shares})")


if __name__ == "__main__":
    with exit_on_user_error("profile_training.py"):
        main(tyro.cli(Settings, description=__doc__))
