"""Clips of a cache as a trained network sees them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from vidfer.data.dataset import ClipDataset
from vidfer.models.checkpoint import load_checkpoint
from vidfer.models.embedding import Embedding
from vidfer.models.recogniser import Recogniser
from vidfer.store.reader import CropCache


def trained(run: Path) -> Recogniser:
    """The network of a run, ready to look."""
    return load_checkpoint(run / "checkpoints" / "last")[0].eval()


def clips_of(cache: Path, label: str, split: str, count: int) -> list[int]:
    """The first ``count`` clips of a label, each of another person, in the order of the cache."""
    found: dict[str | None, int] = {}
    for place, clip in enumerate(CropCache(cache).clips):
        if clip.label == label and clip.split == split and clip.n_faces:
            found.setdefault(clip.subject, place)
    chosen = list(found.values())[:count]
    if len(chosen) < count:
        raise ValueError(f"{cache} has {len(chosen)} people who show {label} in {split}, not {count}")
    return chosen


@torch.no_grad()
def see(model: Recogniser, cache: Path, clips: Sequence[int], n_frames: int) -> tuple[Embedding, np.ndarray]:
    """The embedding of clips, and the face of the middle frame of each, (M, 3, S, S)."""
    items = ClipDataset(cache, clips, n_frames=n_frames)
    seen = [items[i] for i in range(len(clips))]
    crops, mask = (torch.stack([item[name] for item in seen]) for name in ("crops", "frame_mask"))
    middles = [int(m.nonzero()[m.sum() // 2]) for m in mask]
    faces = np.stack([crops[i, middle, 0].numpy() for i, middle in enumerate(middles)])
    return model.embed(crops, mask), faces
