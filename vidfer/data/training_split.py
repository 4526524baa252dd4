"""Choose the clips that a run trains on and validates on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from vidfer.data.clip_labels import class_counts, is_labelled
from vidfer.data.few_labels import with_few_labels
from vidfer.data.folds import find_fold
from vidfer.data.settings import DataSettings
from vidfer.data.splits import ClipSplit, novel_clips, split_clips
from vidfer.errors import CheckpointError, DataError, SettingError
from vidfer.names import Names
from vidfer.store.reader import CropCache


def training_split(cache: CropCache, settings: DataSettings) -> ClipSplit:
    """Split a cache for training; the note of the split says what was left out.

    Training clips without a face are left out: they would teach what black looks like. Validation clips
    without a face stay. Without a fold, subjects who show a novel class are not trained on. In
    cross-validation only the subjects of the fold are held out: of the novel clips, only theirs are measured
    later, so clips of the base classes of all other subjects may be trained on.

    Raises:
        SettingError: an unknown class, no such fold, or a single class.
        DataError: no clip to train on or to validate on, a class without a clip to train on, or a fold
            without a clip to measure.
    """
    known = Names(class_counts(cache))
    classes = tuple(map(known.spelt, settings.classes)) or trainable_classes(cache, settings.novel)
    divided, seed = (*classes, *settings.novel), settings.split_seed
    fold = find_fold(cache, settings.fold, divided, seed=seed) if settings.fold else None
    split = split_clips(cache, classes, val_fraction=settings.val_fraction, seed=seed, fold=fold)
    if len(classes) < 2:
        raise SettingError(
            f"class '{classes[0]}' is the only class to train on; name two or more with --data.classes "
            f"({cache.path})"
        )
    if fold is None:
        split = without_subjects_of(split, cache, settings.novel)
    else:
        novel = novel_clips(cache, settings.novel, base=classes) if settings.novel else ()
        if not {*fold.held_out} & {*split.test, *novel}:
            raise DataError(f"{fold.note}, but none of its clips is of {', '.join(divided)} ({cache.path})")
    split = without_copies(split, cache, settings.novel)
    train = tuple(i for i in split.train if cache.clips[i].n_faces > 0)
    for what, clips in (("clip with a face to train on", train), ("clip to validate on", split.val)):
        if not clips:
            raise DataError(
                f"no {what}: {split.note} ({cache.path}, classes {', '.join(classes)}); list its clips with "
                f"`vidfer inspect`, or name other classes with --data.classes"
            )
    taught = Names(cache.clips[i].label for i in train)
    if untaught := [name for name in classes if name not in taught]:
        raise DataError(
            f"class '{untaught[0]}' of {cache.path} has no clip with a face to train on ({split.note}). Add "
            "clips of this class, check that subjects are people and show several classes "
            "(`vidfer inspect`), or leave the class out with --data.classes"
        )
    faceless = len(split.train) - len(train)
    note = f"{split.note}; {faceless} training clips without a face left out" if faceless else split.note
    validated = Names(cache.clips[i].label for i in split.val)
    if unseen := [name for name in classes if name not in validated]:
        note += f"; no clip of {', '.join(unseen)} to validate on"
    split = replace(split, train=train, note=note)
    if settings.labels_per_class is None:
        return split
    return with_few_labels(split, cache, settings.labels_per_class, settings.split_seed)


def without_subjects_of(split: ClipSplit, cache: CropCache, novel: tuple[str, ...]) -> ClipSplit:
    """The split without clips of subjects who show a novel class.

    A subject who is measured must not be trained on, whatever the label. Clips without a known subject stay.

    Raises:
        SettingError: a novel class that the cache does not have, or that is a base class too.
    """
    if not novel:
        return split
    subjects = {cache.clips[i].subject for i in novel_clips(cache, novel, base=split.classes)} - {None}
    parts = {
        name: tuple(i for i in getattr(split, name) if cache.clips[i].subject not in subjects)
        for name in ("train", "val", "unlabelled")
    }
    left_out = sum(len(getattr(split, name)) - len(clips) for name, clips in parts.items())
    note = f"{split.note}; {left_out} clips of subjects who show a novel class left out"
    return replace(split, **parts, note=note if left_out else split.note)


def without_copies(split: ClipSplit, cache: CropCache, novel: tuple[str, ...]) -> ClipSplit:
    """The split without copies of clips that are measured, whatever their id.

    Training clips must not have the same crops as a validation, test or novel clip, and validation clips not
    the same as a test or novel clip.
    """
    tested = crops_of(cache, (*split.test, *(novel_clips(cache, novel) if novel else ())))
    val = tuple(i for i in split.val if cache.clips[i].crops_hash not in tested)
    measured = tested | crops_of(cache, val)
    train = tuple(i for i in split.train if cache.clips[i].crops_hash not in measured)
    copies = len(split.train) + len(split.val) - len(train) - len(val)
    note = (
        f"{split.note}; {copies} copies of validation, test or novel clips left out" if copies else split.note
    )
    return replace(split, train=train, val=val, note=note)


def crops_of(cache: CropCache, clips: Sequence[int]) -> set[str]:
    """Hashes of the crops of clips with a face. Clips without a face all have the same black crops."""
    return {cache.clips[i].crops_hash for i in clips if cache.clips[i].n_faces}


def trainable_classes(cache: CropCache, novel: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Labels of the clips that may be trained on, in alphabetical order, without the ``novel`` ones.

    These are the clips of the official split ``train``, or all labelled clips if there are no official
    splits. So a class that occurs in ``val`` or ``test`` only is not trained on.
    """
    labelled = [clip for clip in cache.clips if is_labelled(clip)]
    official = any(clip.split for clip in labelled)
    names, left_out = {c.label for c in labelled if not official or c.split in (None, "train")}, Names(novel)
    names = {name for name in names if name not in left_out}
    if not names:
        raise DataError(
            f"{cache.path} has no labelled clips to train on; list its clips with `vidfer inspect`"
        )
    return tuple(sorted(names))


def split_hash(cache: CropCache, split: ClipSplit) -> str:
    """A hash over the ids of the training and validation clips, to compare the splits of two runs."""
    parts = [[cache.clips[i].id for i in clips] for clips in (split.train, split.val)]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def split_hashes(caches: Sequence[CropCache], splits: Sequence[ClipSplit]) -> dict[str, str]:
    """Content hash of each cache -> hash of its split."""
    return {cache.content_hash: split_hash(cache, split) for cache, split in zip(caches, splits, strict=True)}


def split_info(caches: Sequence[CropCache], splits: Sequence[ClipSplit]) -> dict:
    """What a checkpoint remembers of the split of each cache, for :func:`check_same_split`."""
    hashes = split_hashes(caches, splits)
    if len(hashes) > 1:
        return {"split_hashes": hashes}
    ((cache_hash, known),) = hashes.items()
    return {"cache_hash": cache_hash, "split_hash": known}


def check_same_split(info: dict, cache: CropCache, split: ClipSplit, checkpoint: Path) -> None:
    """Raise a CheckpointError if the model to start from was trained on another split of the same cache.

    Otherwise clips that the old model was trained on could choose the best checkpoint of the new one.
    """
    known = info.get("split_hashes", {info.get("cache_hash"): info.get("split_hash")})
    if known.get(cache.content_hash, split_hash(cache, split)) != split_hash(cache, split):
        raise CheckpointError(
            f"the model in {checkpoint} was trained on another split of {cache.path}; set --data.fold, "
            f"--data.val-fraction, --data.split-seed, --data.labels-per-class and --data.novel as they were "
            f"set for its training"
        )
