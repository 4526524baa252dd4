"""Everything that is asked of one checkpoint, with its run folder as witness of what it was trained on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from vidfer.data.splits import novel_clips
from vidfer.errors import VidferError
from vidfer.evaluate.evaluate_fewshot import evaluate_fewshot
from vidfer.evaluate.evaluate_split import clips_of_split, evaluate_split
from vidfer.evaluate.result import Result
from vidfer.evaluate.witness import Witness, call_witness
from vidfer.models.checkpoint import checkpoint_hash, load_checkpoint
from vidfer.models.heads.prototype import PrototypeHead
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
    transductive: bool = False,
    other_people: bool = False,
    frames: int | None = None,
    seed: int = 0,
    device: str = "cpu",
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Result]:
    """Classify a split, where the checkpoint can, and measure few-shot accuracy on novel classes.

    Where the cache has no official split, and in cross-validation, the clips that the run itself held out are
    measured; ``all`` measures every labelled clip of a cache that the run has not seen.

    Args:
        checkpoint: a run folder, for its best checkpoint; a folder inside a run folder
            (``runs/x/checkpoints/last``); or a checkpoint alone.
        cache: file of the crop cache.
        split: which clips to classify: ``train``, ``val``, ``test`` or ``all``.
        novel: classes to measure few-shot on; none skips that part.
        ways, shots, queries, episodes, curve: see :func:`evaluate_fewshot`.
        head: ``trained`` for the checkpoint's own few-shot head, ``prototype`` for the nearest class mean.
        transductive: judge the queries of an episode together instead of one by one.
        other_people: no query is of a person who is among the examples of its episode.
        frames: looked at in each clip, all of them where it has fewer; None takes as many as the run was
            trained with.
        seed: of the episodes and of the bootstrap.
        device: where the network runs.
        progress: called with the number of batches done and the number of all.

    Returns:
        ``classification`` and ``fewshot``, as far as they apply.

    Raises:
        VidferError: nothing to measure; a novel class that is a base class; a clip or a person to measure
            that the run has seen, or the run that it started from.
    """
    if frames is not None and frames < 1:
        raise VidferError(f"frames is {frames}; at least 1 must be looked at in each clip")
    if seed < 0:
        raise VidferError(f"seed is {seed}; it must be 0 or more")
    checkpoint = best_of(checkpoint)
    recogniser, info = load_checkpoint(checkpoint)
    # The encoder may have been trained on more before.
    base = tuple(dict.fromkeys((*recogniser.classes, *info.get("base_classes", ()))))
    recogniser.to(device)
    crops = CropCache(cache)
    witness = call_witness(checkpoint, crops, info)
    # Of images the result does not say that it looked at eight frames.
    longest = max((clip.n_faces for clip in crops.clips), default=1)
    n_frames = min(frames or witness.settings.get("data", {}).get("frames", FRAMES), max(longest, 1))
    common = {"n_frames": n_frames, "checkpoint_hash": checkpoint_hash(checkpoint), "device": device}

    results = {}
    clips = _clips_to_classify(crops, witness, split)
    asked = clips_of_split(crops, split, recogniser.classes)[0] if clips is None else clips
    # A fold may hold out people of novel classes alone, and a data set may have novel classes alone.
    if recogniser.classifier is not None and (asked or not novel):
        if split in ("test", "all"):
            witness.check_unseen(crops, asked, "the clips to measure")
        result = evaluate_split(recogniser, crops, split, clips, **common, seed=seed, progress=progress)
        results["classification"] = witness.testify(result, crops, asked)
    if novel:
        where = split if any(clip.split == split and clip.label in novel for clip in crops.clips) else None
        wanted = novel_clips(crops, novel, base=base, split=None if witness.fold else where)
        if witness.held_out is not None:
            where, wanted = "test", sorted({*wanted} & {*witness.held_out})
        witness.check_unseen(crops, wanted, "the novel clips")
        result = evaluate_fewshot(
            recogniser,
            crops,
            novel,
            wanted,
            ways=ways,
            shots=shots,
            queries=queries,
            episodes=episodes,
            seed=seed,
            head=PrototypeHead() if head == "prototype" else None,
            split=where or "all",
            curve_shots=curve,
            transductive=transductive,
            other_people=other_people,
            **common,
            progress=progress,
        )
        results["fewshot"] = witness.testify(result, crops, wanted)
    if not results:
        raise VidferError(
            f"{checkpoint} has no classifier, so no split can be classified; name novel classes with --novel"
        )
    named = {"base_classes": ", ".join(base)}
    return {name: replace(r, protocol=r.protocol | named) for name, r in results.items()}


def best_of(checkpoint: Path) -> Path:
    """The best checkpoint of a run folder; another folder is the checkpoint itself."""
    best = Path(checkpoint) / "checkpoints" / "best"
    return best if best.is_dir() else Path(checkpoint)


def _clips_to_classify(cache: CropCache, witness: Witness, split: str) -> list[int] | None:
    """Those of the run's own split, where it made one; None for an official split, and for ``all``."""
    if witness.held_out is not None:
        return witness.parts.get(split)
    official = any(clip.split == split for clip in cache.clips)
    return None if official else witness.parts.get(split) or None
