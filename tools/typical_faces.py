"""Measure what networks give for faces of many people, for own expressions from few examples.

    python tools/typical_faces.py --cache fer2013.h5 --networks basic7 face_landmarker

The cache has labelled faces, neutral ones among them. Written are means, spreads and the main directions of
neutral faces, a few numbers over hundreds of people; nothing of a single face is kept.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from counts import check_counts
from program import run
from safetensors.numpy import save_file

from vidfer.data.dataset import ClipDataset
from vidfer.data.loader import build_loader
from vidfer.infer.support.encoder_parts import EncoderPart, open_parts
from vidfer.infer.support.typical_faces import FOLDER, FORMAT
from vidfer.store.reader import CropCache

DIRECTIONS = 16


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Which faces, and of which networks."""

    cache: Path
    """A crop cache with the labels neutral and others."""
    split: str = "train"
    """The split whose clips are used."""
    per_class: int = 300
    """Clips of each label, drawn at random."""
    networks: tuple[str, ...] = ("basic7", "face_landmarker")
    """Names as for `vidfer learn --encoders`."""
    out: Path = FOLDER
    """The folder to write into."""

    def __post_init__(self) -> None:
        check_counts(self, "per_class", least=2)  # a spread needs several faces


def draw_clips(cache: CropCache, settings: Settings) -> tuple[list[int], np.ndarray]:
    """Clips with a face, and their labels."""
    chosen, taken = [], {}
    for i in np.random.default_rng(0).permutation(len(cache)):
        clip = cache.clips[i]
        if clip.split == settings.split and clip.n_faces and taken.get(clip.label, 0) < settings.per_class:
            taken[clip.label] = taken.get(clip.label, 0) + 1
            chosen.append(int(i))
    chosen.sort()
    return chosen, np.array([cache.clips[i].label for i in chosen])


def measure(values: np.ndarray, labels: np.ndarray) -> dict[str, np.ndarray]:
    """Mean of neutral faces (C,), spread within a label (C,), and main directions of neutral faces (r, C)."""
    neutral = values[labels == "neutral"]
    mean = neutral.mean(0)
    variances = [values[labels == label].var(0) for label in np.unique(labels)]
    _, lengths, axes = np.linalg.svd(neutral - mean, full_matrices=False)
    directions = lengths[:DIRECTIONS, None] * axes[:DIRECTIONS] / np.sqrt(len(neutral))
    found = {"mean": mean, "spread": np.sqrt(np.mean(variances, axis=0)) + 1e-6, "directions": directions}
    return {name: array.astype(np.float32) for name, array in found.items()}


def features_of(part: EncoderPart, settings: Settings, clips: list[int]) -> dict[str, np.ndarray]:
    """What a network gives for the clips, name -> (M, C)."""
    found: dict[str, list[np.ndarray]] = {}
    for batch in build_loader(ClipDataset(settings.cache, clips, n_frames=1), 64, workers=0):
        for name, values in part.features(batch["crops"].numpy(), batch["frame_mask"].numpy()).items():
            found.setdefault(name.partition(":")[2], []).append(values)
    return {name: np.concatenate(values).astype(np.float64) for name, values in found.items()}


def main(settings: Settings) -> None:
    clips, labels = draw_clips(CropCache(settings.cache), settings)
    settings.out.mkdir(parents=True, exist_ok=True)
    for part in open_parts(settings.networks):
        tensors = {
            f"{name}.{key}": array
            for name, values in features_of(part, settings, clips).items()
            for key, array in measure(values, labels).items()
        }
        about = {"format": FORMAT, "networks": json.dumps([part.hash]), "faces": str(len(clips))}
        save_file(tensors, settings.out / f"{part.name}.safetensors", metadata=about)
        print(f"{settings.out / part.name}.safetensors: {len(clips)} faces, {', '.join(sorted(tensors))}")


if __name__ == "__main__":
    run(main, Settings, __doc__)
