"""Everything that is asked of one checkpoint, with its run folder as witness of what it was trained on."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
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

    Where the cache has no official split, the clips that the run itself held out are measured; ``all``
    measures every labelled clip of a cache that the run has not seen.

    Args:
        checkpoint: a folder inside a run folder (``runs/x/checkpoints/best``), or a checkpoint alone.
        cache: file of the crop cache.
        split: which clips to classify: ``train``, ``val``, ``test`` or ``all``.
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
        VidferError: nothing to measure; a novel class or a novel clip's subject that the run was trained on;
            with ``all`` a clip or a subject that the run has seen.
    """
    if frames is not None and frames < 1:
        raise VidferError(f"frames is {frames}; at least 1 must be looked at in each clip")
    if seed < 0:
        raise VidferError(f"seed is {seed}; it must be 0 or more")
    recogniser, info = load_checkpoint(checkpoint)
    base = recogniser.classes or tuple(info.get("base_classes", ()))
    recogniser.to(device)
    crops = CropCache(cache)
    run = Path(checkpoint).resolve().parent.parent
    data, settings = _read(run / "data.json"), _read(run / "settings.json")
    # A shorter clip repeats frames, which changes no weighted mean: images need not be looked at eight times.
    longest = max((clip.n_faces for clip in crops.clips), default=1)
    n_frames = min(frames or settings.get("data", {}).get("frames", FRAMES), max(longest, 1))
    common = {"n_frames": n_frames, "checkpoint_hash": checkpoint_hash(checkpoint), "device": device}
    # Ids of the run's own split mean something in its own cache only.
    parts = _positions(crops, data)
    seen = sorted({*parts["train"], *parts["val"], *parts["unlabelled"]})

    results = {}
    if recogniser.classifier is not None:
        official = any(clip.split == split for clip in crops.clips)
        clips = None if official else parts.get(split) or None
        if split == "all":
            _check_unseen(crops, recogniser.classes, seen, run)
        result = evaluate_split(recogniser, crops, split, clips, **common, seed=seed, progress=progress)
        results["classification"] = _with_doubts(result, data, known=bool(seen))
    if novel:
        where = split if any(clip.split == split and clip.label in novel for clip in crops.clips) else None
        wanted = novel_clips(crops, novel, base=base, split=where)
        check_subjects_disjoint(crops, {"the clips that the run has seen": seen, "the novel clips": wanted})
        result = evaluate_fewshot(
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
        results["fewshot"] = _with_doubts(result, data, known=bool(seen))
    if not results:
        raise VidferError(
            f"{checkpoint} has no classifier, so no split can be classified; name novel classes with --novel"
        )
    return results


def _read(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _positions(cache: CropCache, data: dict) -> dict[str, list[int]]:
    """The run's own parts as indices into the cache, as far as they are clips of this cache."""
    place = {clip.id: i for i, clip in enumerate(cache.clips)}
    origin = dict.fromkeys(("train", "val", "test"), "cache_hash") | {"unlabelled": "unlabelled_cache_hash"}
    return {
        name: [place[clip_id] for clip_id in data[name]] if data.get(key) == cache.content_hash else []
        for name, key in origin.items()
    }


def _check_unseen(cache: CropCache, classes: Sequence[str], seen: Sequence[int], run: Path) -> None:
    """Raise a VidferError if the run has seen one of the clips labelled with ``classes``, or its subject."""
    measured = [i for i, c in enumerate(cache.clips) if c.label in classes and c.split != "unlabelled"]
    both = sorted({*measured} & {*seen})
    if both:
        raise VidferError(
            f"the run {run.name} was trained or chosen on {len(both)} of the clips of {cache.path}, such as "
            f"'{cache.clips[both[0]].id}'; name --split test, or a cache of other clips"
        )
    check_subjects_disjoint(
        cache, {"the clips that the run has seen": seen, "the clips to measure": measured}
    )


def _with_doubts(result: Result, data: dict, *, known: bool) -> Result:
    """The result, its note saying what speaks against the run not having seen its clips.

    Args:
        data: of the run folder.
        known: whether the run has clips of this very cache, so that there is nothing to guess.
    """
    doubt = ""
    if not data and result.split == "all":
        doubt = "no run folder around the checkpoint: whether it was trained on these clips is not known"
    elif data and not known:
        ids = {*data["train"], *data["val"], *data["unlabelled"]}
        same = sum(row["clip"] in ids for row in result.rows)
        if same:
            doubt = f"{same} of these clips have the ids of clips that the run has seen, from another cache"
    return replace(result, note="; ".join(filter(None, (result.note, doubt)))) if doubt else result
