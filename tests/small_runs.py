"""Run folders as the recipes leave them, with an untrained network, and clips for them."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from networks import network

from vidfer.models.build import build_recogniser
from vidfer.models.checkpoint import save_checkpoint
from vidfer.store.reader import CropCache

BASE, NOVEL = ("happy", "sad"), ("fear", "surprise")


def clips(subjects: str = "abcdefgh") -> list[dict]:
    """Without official splits: clips 0..7 base, 8..13 novel; novel clips show other subjects."""
    base = [{"id": f"{i:02d}.mp4", "label": BASE[i % 2], "subject": subjects[i]} for i in range(8)]
    novel = [{"id": f"{i:02d}.mp4", "label": NOVEL[i % 2], "subject": f"n{i}"} for i in range(8, 14)]
    return base + novel


def write_run(
    folder: Path, cache: CropCache, *, train: range, test: range, fold: dict | None = None, **settings
) -> Path:
    torch.manual_seed(0)
    model = build_recogniser(network(width=2, head="prototype"), BASE)
    checkpoint = folder / "checkpoints" / "best"
    save_checkpoint(checkpoint, model, {"fold": fold["name"]} if fold else {})
    ids = [clip.id for clip in cache.clips]
    parts = {"train": [ids[i] for i in train], "val": [], "test": [ids[i] for i in test], "unlabelled": []}
    hashes = {"cache_hash": cache.content_hash, "unlabelled_cache_hash": cache.content_hash}
    (folder / "data.json").write_text(json.dumps(parts | hashes | ({"fold": fold} if fold else {})))
    (folder / "settings.json").write_text(json.dumps({"data": {"frames": 2}} | settings))
    return checkpoint
