"""What a run has seen is not measured, and where that cannot be known the result says so."""

import json
from pathlib import Path

import pytest
import torch
from crop_caches import write_cache

from vidfer.errors import VidferError
from vidfer.evaluate.evaluate_checkpoint import evaluate_checkpoint
from vidfer.models.build import build_recogniser
from vidfer.models.checkpoint import save_checkpoint
from vidfer.models.settings import ModelSettings
from vidfer.store.reader import CropCache

BASE, NOVEL = ("happy", "sad"), ("fear", "surprise")
TASK = {"novel": NOVEL, "ways": 2, "shots": 1, "episodes": 20, "frames": 1}


def clips(people: str = "abcdefgh") -> list[dict]:
    """Without official splits: clips 0..7 base, 8..13 novel; the people of novel clips are others."""
    base = [{"id": f"{i:02d}.mp4", "label": BASE[i % 2], "subject": people[i]} for i in range(8)]
    novel = [{"id": f"{i:02d}.mp4", "label": NOVEL[i % 2], "subject": f"n{i}"} for i in range(8, 14)]
    return base + novel


def write_run(folder: Path, cache: CropCache, *, train: range, test: range) -> Path:
    torch.manual_seed(0)
    model = build_recogniser(ModelSettings(width=2, head="prototype"), BASE)
    checkpoint = folder / "checkpoints" / "best"
    save_checkpoint(checkpoint, model, {})
    ids = [clip.id for clip in cache.clips]
    parts = {"train": [ids[i] for i in train], "val": [], "test": [ids[i] for i in test], "unlabelled": []}
    hashes = {"cache_hash": cache.content_hash, "unlabelled_cache_hash": cache.content_hash}
    (folder / "data.json").write_text(json.dumps(parts | hashes))
    (folder / "settings.json").write_text(json.dumps({"data": {"frames": 2}}))
    return checkpoint


def test_without_official_splits_the_clips_that_the_run_held_out_are_measured(tmp_path):
    cache = write_cache(tmp_path / "c.h5", clips(), size_px=32)
    checkpoint = write_run(tmp_path / "run", cache, train=range(4), test=range(4, 8))
    found = evaluate_checkpoint(checkpoint, cache.path, **TASK | {"frames": None})
    assert [row["clip"] for row in found["classification"].rows] == [f"{i:02d}.mp4" for i in range(4, 8)]
    assert found["fewshot"].n_clips == 6 and found["fewshot"].note == ""
    assert found["fewshot"].protocol["n_frames"] == 2  # as the run was trained with
    with pytest.raises(VidferError, match="was trained or chosen on 4 of the clips"):
        evaluate_checkpoint(checkpoint, cache.path, split="all")


def test_people_that_the_run_has_seen_are_not_measured_few_shot(tmp_path):
    cache = write_cache(tmp_path / "c.h5", clips(["n8", *"bcdefgh"]), size_px=32)
    checkpoint = write_run(tmp_path / "run", cache, train=range(4), test=range(4, 8))
    with pytest.raises(VidferError, match="subject 'n8' is in the clips that the run has seen"):
        evaluate_checkpoint(checkpoint, cache.path, **TASK)


def test_what_cannot_be_known_is_a_doubt_in_the_result(tmp_path):
    cache = write_cache(tmp_path / "c.h5", clips(), size_px=32)
    other = write_cache(tmp_path / "other.h5", clips(), size_px=40)
    checkpoint = write_run(tmp_path / "run", other, train=range(10), test=range(10, 12))
    found = evaluate_checkpoint(checkpoint, cache.path, split="all", **TASK)
    assert "8 of these clips have the ids of clips that the run has seen" in found["classification"].note
    assert "2 of these clips have the ids of clips that the run has seen" in found["fewshot"].note
    (tmp_path / "run" / "data.json").unlink()
    found = evaluate_checkpoint(checkpoint, cache.path, split="all", **TASK)
    for result in found.values():
        assert "whether it was trained on these clips is not known" in result.note


def test_images_are_looked_at_once(tmp_path):
    cache = write_cache(tmp_path / "c.h5", [clip | {"status": "d"} for clip in clips()], size_px=32)
    checkpoint = write_run(tmp_path / "run", cache, train=range(4), test=range(4, 8))
    found = evaluate_checkpoint(checkpoint, cache.path, **TASK | {"frames": 8})
    assert found["fewshot"].protocol["n_frames"] == found["classification"].protocol["n_frames"] == 1
