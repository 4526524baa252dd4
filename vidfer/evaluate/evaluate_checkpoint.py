"""Everything that is asked of one checkpoint, with its run folder as witness of what it was trained on."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from vidfer.data.splits import check_subjects_disjoint, novel_clips
from vidfer.errors import VidferError
from vidfer.evaluate.evaluate_fewshot import evaluate_fewshot
from vidfer.evaluate.evaluate_split import evaluate_split
from vidfer.evaluate.result import Result
from vidfer.models.checkpoint import checkpoint_hash, load_checkpoint
from vidfer.models.prototype import PrototypeHead
from vidfer.store.reader import CropCache

FRAMES = 8
"""Frames looked at in each clip when neither the user nor the run folder says how many."""


def evaluate_checkpoint(
    checkpoint: Path,
    cache: Path,
    *,
    split: str = "test",
    novel: Sequence[str] = (),
    ways: int = 3,
    shots: int = 3,
    queries: int = 1,
    episodes: int = 600,
    curve: Sequence[int] = (),
    head: str = "trained",
    frames: int | None = None,
    seed: int = 0,
    device: str = "cpu",
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Result]:
    """Classify a split, where the checkpoint can, and measure few-shot accuracy on novel classes.

    Where the cache has no official split, the clips that the run itself held out are measured.

    Args:
        checkpoint: a folder inside a run folder (``runs/x/checkpoints/best``), or a checkpoint alone.
        cache: file of the crop cache.
        split: which clips to classify.
        novel: classes to measure few-shot on; none skips that part.
        ways, shots, queries, episodes, curve: see :func:`evaluate_fewshot`.
        head: ``trained`` for the checkpoint's own few-shot head, ``prototype`` for the nearest class mean.
        frames: looked at in each clip; None takes as many as the run was trained with.
        seed: of the episodes and of the bootstrap.
        device: where the network runs.
        progress: called with the number of batches done and the number of all.

    Returns:
        ``classification`` and ``fewshot``, as far as they apply.

    Raises:
        VidferError: nothing to measure; a novel class or a novel clip's subject that the run was trained on.
    """
    recogniser, info = load_checkpoint(checkpoint)
    base = recogniser.classes or tuple(info.get("base_classes", ()))
    recogniser.to(device)
    crops = CropCache(cache)
    run = Path(checkpoint).resolve().parent.parent
    data, settings = _read(run / "data.json"), _read(run / "settings.json")
    n_frames = frames or settings.get("data", {}).get("frames", FRAMES)
    common = {"n_frames": n_frames, "checkpoint_hash": checkpoint_hash(checkpoint), "device": device}
    # Ids of the run's own split mean something in its own cache only.
    parts = _positions(crops, data) if data.get("cache_hash") == crops.content_hash else {}

    results = {}
    if recogniser.classifier is not None:
        official = any(clip.split == split for clip in crops.clips)
        clips = None if official else parts.get(split)
        results["classification"] = evaluate_split(
            recogniser, crops, split, clips, **common, seed=seed, progress=progress
        )
    if novel:
        where = split if any(clip.split == split and clip.label in novel for clip in crops.clips) else None
        wanted = novel_clips(crops, novel, base=base, split=where)
        if parts:
            seen = sorted({*parts["train"], *parts["val"], *parts["unlabelled"]})
            check_subjects_disjoint(
                crops, {"the clips that the run has seen": seen, "the novel clips": wanted}
            )
        results["fewshot"] = evaluate_fewshot(
            recogniser,
            crops,
            novel,
            ways=ways,
            shots=shots,
            queries=queries,
            episodes=episodes,
            seed=seed,
            head=PrototypeHead() if head == "prototype" else None,
            split=where,
            curve_shots=curve,
            **common,
            progress=progress,
        )
    if not results:
        raise VidferError(
            f"{checkpoint} has no classifier, so no split can be classified; name novel classes with --novel"
        )
    return results


def _read(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _positions(cache: CropCache, data: dict) -> dict[str, list[int]]:
    """The run's own parts as indices into the cache; unlabelled clips of another cache have none."""
    place = {clip.id: i for i, clip in enumerate(cache.clips)}
    own = data["unlabelled_cache_hash"] == cache.content_hash
    names = ("train", "val", "test", "unlabelled") if own else ("train", "val", "test")
    return {"unlabelled": []} | {name: [place[clip_id] for clip_id in data[name]] for name in names}
