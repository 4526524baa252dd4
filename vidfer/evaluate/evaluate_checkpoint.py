"""Measures all that a protocol asks of one checkpoint, on clips that its run has not seen."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from vidfer.data.clip_labels import class_counts
from vidfer.data.sampling import cap_frames
from vidfer.data.splits import novel_clips
from vidfer.errors import SettingError
from vidfer.evaluate.eval_protocol import EvalProtocol
from vidfer.evaluate.evaluate_fewshot import evaluate_fewshot
from vidfer.evaluate.evaluate_split import clips_of_split, evaluate_split
from vidfer.evaluate.result import Result
from vidfer.included import checkpoint_folder
from vidfer.models.checkpoint import checkpoint_hash, load_checkpoint, read_seen, trained_classes
from vidfer.models.late_fusion import FusedRecogniser
from vidfer.models.recogniser import Recogniser
from vidfer.names import Names
from vidfer.runs.joint_provenance import JointProvenance
from vidfer.runs.provenance import Provenance, read_provenance
from vidfer.store.reader import CropCache

FRAMES = 8
"""Frames of each clip, where neither the protocol nor the run folder gives a number."""


def evaluate_checkpoint(
    checkpoint: Path | Sequence[Path],
    cache: Path,
    protocol: EvalProtocol,
    *,
    device: str = "cpu",
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Result]:
    """Classify a split, where the checkpoint can, and measure few-shot accuracy on novel classes.

    Where the cache has no official split, and in cross-validation, the clips are those that the run itself
    held out. Split ``all`` is for a cache that the run has not seen.

    Args:
        checkpoint: a run folder, for its best checkpoint; a checkpoint in a run folder
            (``runs/x/checkpoints/last``); or a checkpoint alone. Several are measured as one, by late fusion
            (:mod:`vidfer.models.late_fusion`).
        cache: file of the crop cache.
        protocol: what to measure, and how.
        device: where the network runs.
        progress: called with the number of batches done and the number of all batches.

    Returns:
        ``classification`` and ``fewshot``, as far as they apply.

    Raises:
        SettingError: nothing to measure; a novel class that is unknown, a base class or a label that the
            weights have seen; an impossible task.
        DataError: a clip or a subject that the run has seen, or a run that it started from; too few clips.
        CheckpointError: a damaged checkpoint, or one whose answers are no numbers.
        RunError: a damaged run folder.
    """
    given = [checkpoint] if isinstance(checkpoint, (str, Path)) else list(checkpoint)
    folders, crops = [checkpoint_folder(one) for one in given], CropCache(cache)
    recogniser, provenance = _loaded(folders, crops)
    recogniser.to(device)
    split, there = protocol.split, Names(class_counts(crops))
    protocol = replace(protocol, novel=tuple(map(there.spelt, protocol.novel)))
    novel = protocol.novel
    common = {
        "n_frames": _n_frames(protocol, provenance, crops),
        "checkpoint_hash": hash_of(folders),
        "base_classes": classes_trained_on(folders),
        "provenance": provenance,
        "device": device,
        "progress": progress,
        "keep_features": bool(provenance.settings.get("freeze_encoder")),
    }

    for folder in folders:
        check_not_seen(folder, protocol)
    results = {}
    clips = _clips_to_classify(crops, provenance, split)
    measured = clips_of_split(crops, split, recogniser.classes)[0] if clips is None else clips
    # A fold may hold out subjects of novel classes alone, and a data set may have novel classes alone.
    if recogniser.classifier is not None and (measured or not novel):
        if split in ("test", "all"):
            provenance.check_unseen(crops, measured, "the clips to measure")
        results["classification"] = evaluate_split(recogniser, crops, protocol, clips, **common)
    if novel:
        name, measured = _clips_of_novel_classes(
            crops, provenance, protocol, () if protocol.allow_seen else common["base_classes"]
        )
        provenance.check_unseen(crops, measured, "the novel clips")
        results["fewshot"] = evaluate_fewshot(recogniser, crops, protocol, measured, split=name, **common)
    if not results:
        has = f"{folders[0]} has no classifier"
        if len(folders) > 1:
            has = f"{', '.join(map(str, folders))} have no classifiers of the same classes"
        raise SettingError(f"{has}, so no split can be classified; name novel classes with --novel")
    return results


def hash_of(folders: Sequence[Path]) -> str:
    """Names one checkpoint, or several together in any order, in results: 64 hex digits.

    Raises:
        SettingError: one of several is there twice.
        CheckpointError: as :func:`vidfer.models.checkpoint.load_checkpoint`.
    """
    hashes = sorted(checkpoint_hash(folder) for folder in folders)
    if len(hashes) == 1:
        return hashes[0]
    if len(hashes) > len(set(hashes)):
        raise SettingError(
            f"--checkpoint {' '.join(map(str, folders))}: one of them is there twice, which changes nothing; "
            "leave it out"
        )
    return hashlib.sha256("late fusion ".join(hashes).encode()).hexdigest()


def classes_trained_on(folders: Sequence[Path]) -> tuple[str, ...]:
    """All classes that any of the checkpoints was ever trained on."""
    return tuple(dict.fromkeys(name for folder in folders for name in trained_classes(folder)))


def _loaded(
    folders: Sequence[Path], crops: CropCache
) -> tuple[Recogniser | FusedRecogniser, Provenance | JointProvenance]:
    """The model of one checkpoint, or of several together, and what it was trained on."""
    loaded = [load_checkpoint(folder) for folder in folders]
    each = [read_provenance(folder, crops, info) for folder, (_, info) in zip(folders, loaded)]
    if len(folders) == 1:
        return loaded[0][0], each[0]
    names = [
        f"{one.run_name if one.settings else folder.name} ({checkpoint_hash(folder)[:12]})"
        for folder, one in zip(folders, each)
    ]
    return FusedRecogniser([model for model, _ in loaded]), JointProvenance(each, names)


def check_not_seen(checkpoint: Path, protocol: EvalProtocol) -> None:
    """Raise a SettingError if the weights have seen the label of a novel class, and none is to be seen.

    Raises:
        CheckpointError: as :func:`vidfer.models.checkpoint.load_checkpoint`.
    """
    trained = Names(trained_classes(checkpoint))  # these are refused as base classes
    for name, who in read_seen(checkpoint).among(protocol.novel).items():
        if not protocol.allow_seen and name not in trained:
            raise SettingError(
                f"--novel {name}: the weights of {checkpoint} have seen this label ({who}), so it is not "
                "novel; name other classes, or add --allow-seen, and the result says so"
            )


def _n_frames(protocol: EvalProtocol, provenance: Provenance | JointProvenance, cache: CropCache) -> int:
    wanted = protocol.frames or provenance.settings.get("data", {}).get("frames", FRAMES)
    # A cache of images has one frame per clip, and the result must not claim more.
    return cap_frames(wanted, cache.clips)


def _clips_to_classify(
    cache: CropCache, provenance: Provenance | JointProvenance, split: str
) -> list[int] | None:
    """The run's own part of this name, where the run divided the cache; None for an official split or all."""
    if provenance.held_out is not None:
        return provenance.parts.get(split)
    official = any(clip.split == split for clip in cache.clips)
    return None if official else provenance.parts.get(split) or None


def _clips_of_novel_classes(
    cache: CropCache,
    provenance: Provenance | JointProvenance,
    protocol: EvalProtocol,
    base_classes: tuple[str, ...],
) -> tuple[str, list[int]]:
    """The clips for few-shot episodes, and the name of their split.

    In cross-validation they are those of the fold. Otherwise they are those of the official split, or all
    clips of the novel classes where the split has none of them.
    """
    split, novel = protocol.split, protocol.novel
    if provenance.held_out is not None:
        return "test", sorted({*novel_clips(cache, novel, base=base_classes)} & {*provenance.held_out})
    known = Names(novel)
    official = any(clip.split == split and clip.label in known for clip in cache.clips)
    clips = novel_clips(cache, novel, base=base_classes, split=split if official else None)
    return split if official else "all", clips
