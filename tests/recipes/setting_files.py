"""Small files that settings name: caches, checkpoints and tables, each made when it is first used."""

from __future__ import annotations

import csv
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from crop_caches import store_clips
from networks import network, of_recipe
from recipe_modules import load_recipe
from striped_cache import CLASSES, draw_crops

from vidfer.clips.clip import Clip
from vidfer.crops import STATUS
from vidfer.data.settings import DataSettings
from vidfer.learn.settings import OptimSettings, TrainSettings
from vidfer.models.build import build_recogniser
from vidfer.models.checkpoint import load_checkpoint, save_checkpoint
from vidfer.models.encoders.torchvision import torchvision_model
from vidfer.models.settings import ModelSettings

SMALL_NETWORK, LARGER_NETWORK = "shufflenet_v2_x0_5", "shufflenet_v2_x1_0"
"""Of torchvision; the smallest ones that have four stages."""

PER_CLASS = {"train": (4, 3, 3), "val": (3, 3, 3), "unlabelled": (3, 3, 3)}
"""Clips of each class; not equally many, so that weights of classes matter."""


class SettingFiles:
    """Files by their names, in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @cached_property
    def crops(self) -> Path:
        """A cache with official splits. A subject who is trained on also shows the class fear in test."""
        return self._cache("crops.h5")

    @cached_property
    def other_crops(self) -> Path:
        """Other pictures of other subjects."""
        return self._cache("other.h5", seed=1, prefix="other ")

    @cached_property
    def crops_without_splits(self) -> Path:
        return self._cache("without_splits.h5", splits=False)

    @cached_property
    def many_angry_crops(self) -> Path:
        """Enough training clips of one class to standardise around."""
        return self._cache("many_angry.h5", per_class=PER_CLASS | {"train": (10, 3, 3)})

    @cached_property
    def jpeg_crops(self) -> Path:
        return self._cache("jpeg.h5", codec="jpeg")

    @cached_property
    def checkpoint(self) -> Path:
        """A network with other weights than a run begins with."""
        return self._checkpoint("checkpoint", network("resnet18", "prototype", width=2))

    @cached_property
    def teacher(self) -> Path:
        """A network that has learned the classes of the crops, so that it is sure of some clips."""
        return self._trained("teacher", seed=0)

    @cached_property
    def other_teacher(self) -> Path:
        return self._trained("other_teacher", seed=1)

    @cached_property
    def torchvision_teacher(self) -> Path:
        model = network(f"torchvision {SMALL_NETWORK}", "prototype", dropout=0.0)
        return self._checkpoint("torchvision_teacher", model, classes=CLASSES)

    @cached_property
    def published_weights(self) -> Path:
        torch.manual_seed(1)
        path = self.folder / f"{SMALL_NETWORK}.pth"
        torch.save(torchvision_model(SMALL_NETWORK).state_dict(), path)
        return path

    @cached_property
    def corrections(self) -> Path:
        """A person says that all unlabelled clips are sad."""
        path = self.folder / "corrections.csv"
        with path.open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(["clip", "corrected"])
            rows.writerows([f"unlabelled/{name}{i}", "sad"] for name in CLASSES for i in range(3))
        return path

    @cached_property
    def protocol(self) -> Path:
        path = self.folder / "protocol.yaml"
        path.write_text("seed: 7\n")
        return path

    def _cache(
        self,
        name: str,
        *,
        seed: int = 0,
        prefix: str = "",
        splits: bool = True,
        codec: str = "raw",
        per_class: dict[str, tuple[int, ...]] = PER_CLASS,
    ) -> Path:
        rng, made = np.random.default_rng(seed), []

        def add(split: str, number: int, label: str | None, i: int, subject: str) -> None:
            clip = Clip(
                id=f"{split}/{CLASSES[number] if label != 'fear' else label}{i}",
                path=self.folder / split / f"{number}{label}{i}",
                label=label,
                subject=f"{prefix}{subject}",
                split=split if splits or split == "unlabelled" else None,
            )
            status = np.full(3, STATUS.index("detected"), np.uint8)
            made.append((clip, status, draw_crops(number, 3, 32, rng)))

        for split, counts in per_class.items():
            for number, label in enumerate(CLASSES):
                for i in range(counts[number]):
                    told = None if split == "unlabelled" else label
                    add(split, number, told, i, f"{split} {label} {i % 2}")
        for i in range(2):
            add("test", 0, "fear", i, "train angry 0")
        store_clips(self.folder / name, made, size_px=32, codec=codec)
        return self.folder / name

    def _checkpoint(
        self, name: str, settings: ModelSettings, *, classes: tuple[str, ...] = (), seed: int = 1
    ) -> Path:
        torch.manual_seed(seed)
        recogniser = build_recogniser(settings, classes)
        save_checkpoint(self.folder / name, recogniser, {"base_classes": list(classes)})
        return self.folder / name

    def _trained(self, name: str, *, seed: int) -> Path:
        supervised, run = load_recipe("supervised"), self.folder / f"{name}_run"
        supervised.main(
            supervised.Settings(
                cache=self.crops,
                out=run,
                tracker="none",
                seed=seed,
                **of_recipe(network("resnet18", "prototype", width=2, dropout=0.0)),
                data=DataSettings(frames=2),
                optim=OptimSettings(lr=1e-2),
                train=TrainSettings(epochs=20, batch_size=5),
            )
        )
        recogniser, _ = load_checkpoint(run / "checkpoints" / "last")
        # Without the hash of its split, so that students may have other ones.
        save_checkpoint(self.folder / name, recogniser, {"base_classes": list(CLASSES)})
        return self.folder / name
