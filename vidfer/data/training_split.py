"""Which clips a run trains on and validates on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from vidfer.data.folds import find_fold
from vidfer.data.settings import DataSettings
from vidfer.data.splits import ClipSplit, novel_clips, split_clips
from vidfer.errors import VidferError
from vidfer.store.reader import CropCache


def training_split(cache: CropCache, settings: DataSettings) -> ClipSplit:
    """The split of a cache for training, its note saying what was left out.

    Training clips without a face are left out: they would teach what black looks like. In validation
    they stay. In cross-validation the people of the fold are held out, and of all novel clips only theirs are
    measured later, so that everybody else may be trained on, with clips of the base classes.

    Raises:
        VidferError: no clip to train on, or none to validate on; a fold without any clip to measure.
    """
    classes = settings.classes or trainable_classes(cache, settings.novel)
    divided, seed = (*classes, *settings.novel), settings.split_seed
    fold = find_fold(cache, settings.fold, divided, seed=seed) if settings.fold else None
    split = split_clips(cache, classes, val_fraction=settings.val_fraction, seed=seed, fold=fold)
    if len(classes) < 2:
        raise VidferError(
            f"class '{classes[0]}' alone is nothing to tell apart; name two or more with --data.classes "
            f"({cache.path})"
        )
    if fold is None:
        split = without_people_of(split, cache, settings.novel)
    else:
        novel = novel_clips(cache, settings.novel, base=classes) if settings.novel else ()
        if not {*fold.held_out} & {*split.test, *novel}:
            raise VidferError(f"{fold.note}, but none of its clips is of {', '.join(divided)} ({cache.path})")
    split = without_copies(split, cache, settings.novel)
    train = tuple(i for i in split.train if cache.clips[i].n_faces > 0)
    for what, clips in (("clip with a face to train on", train), ("clip to validate on", split.val)):
        if not clips:
            raise VidferError(
                f"no {what}: {split.note} ({cache.path}, classes {', '.join(classes)}); "
                f"look at it with `vidfer inspect`, and name classes with --data.classes"
            )
    faceless = len(split.train) - len(train)
    note = f"{split.note}; {faceless} training clips without a face left out" if faceless else split.note
    validated = {cache.clips[i].label for i in split.val}
    if unseen := [name for name in classes if name not in validated]:
        note += f"; no clip of {', '.join(unseen)} to validate on"
    return replace(split, train=train, note=note)


def without_people_of(split: ClipSplit, cache: CropCache, novel: tuple[str, ...]) -> ClipSplit:
    """The split without clips of people who show a novel class, as far as subjects are known.

    Whoever is measured on must not be trained on, under whatever label.

    Raises:
        VidferError: a novel class that the cache does not have, or that is a base class too.
    """
    if not novel:
        return split
    people = {cache.clips[i].subject for i in novel_clips(cache, novel, base=split.classes)} - {None}
    parts = {
        name: tuple(i for i in getattr(split, name) if cache.clips[i].subject not in people)
        for name in ("train", "val", "unlabelled")
    }
    left_out = sum(len(getattr(split, name)) - len(clips) for name, clips in parts.items())
    note = f"{split.note}; {left_out} clips of people who show a novel class left out"
    return replace(split, **parts, note=note if left_out else split.note)


def without_copies(split: ClipSplit, cache: CropCache, novel: tuple[str, ...]) -> ClipSplit:
    """The split without training clips that have the very crops of a clip for measuring, under any name.

    Nor does a copy of a clip to be tested on, or of a novel one, validate.
    """
    tested = crops_of(cache, (*split.test, *(novel_clips(cache, novel) if novel else ())))
    val = tuple(i for i in split.val if cache.clips[i].crops_hash not in tested)
    measured = tested | crops_of(cache, val)
    train = tuple(i for i in split.train if cache.clips[i].crops_hash not in measured)
    copies = len(split.train) + len(split.val) - len(train) - len(val)
    note = f"{split.note}; {copies} copies of clips for measuring left out" if copies else split.note
    return replace(split, train=train, val=val, note=note)


def crops_of(cache: CropCache, clips: Sequence[int]) -> set[str]:
    """Hashes of the crops of clips with a face; without one all are alike."""
    return {cache.clips[i].crops_hash for i in clips if cache.clips[i].n_faces}


def trainable_classes(cache: CropCache, novel: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Labels of the clips that may be trained on, in alphabetical order: official split ``train``, or any if
    there is no official split. A class that occurs in val or test alone, or is in ``novel``, is novel."""
    labelled = [clip for clip in cache.clips if clip.label is not None and clip.split != "unlabelled"]
    official = any(clip.split for clip in labelled)
    names = {clip.label for clip in labelled if not official or clip.split in (None, "train")} - {*novel}
    if not names:
        raise VidferError(f"{cache.path} has no labelled clips to train on; look at it with `vidfer inspect`")
    return tuple(sorted(names))


def with_unlabelled(
    split: ClipSplit, cache: CropCache, other: CropCache | None = None, novel: tuple[str, ...] = ()
) -> ClipSplit:
    """The split with the clips for a teacher to label: its own unlabelled ones, or those of another cache.

    None of them has the crops of a clip that ``cache`` keeps for measuring. Of another cache all clips are
    taken but its val and test, those with a novel label, and those of a subject, by name and source, whom
    ``cache`` keeps for measuring.

    Raises:
        VidferError: there is none, or the other cache has crops of another size.
    """
    kept = (*split.val, *split.test, *(novel_clips(cache, novel) if novel else ()))
    crops = crops_of(cache, kept)
    if other is None:
        path, note = cache.path, split.note
        clips = tuple(i for i in split.unlabelled if cache.clips[i].crops_hash not in crops)
        if copies := len(split.unlabelled) - len(clips):
            note += f"; {copies} unlabelled clips are copies of clips for measuring and not used"
    else:
        path, note = other.path, split.note
        if other.size_px != cache.size_px:
            raise VidferError(
                f"{other.path} has crops of {other.size_px} px and {cache.path} of {cache.size_px} px; "
                f"make one of them again with the other's crop size"
            )
        seen = [cache.clips[i] for i in kept]
        people = {(clip.source, clip.subject) for clip in seen if clip.subject is not None}
        clips = tuple(
            i
            for i, clip in enumerate(other.clips)
            if clip.split not in ("val", "test")
            and clip.label not in novel
            and clip.crops_hash not in crops
            and (clip.source, clip.subject) not in people
        )
        if len(clips) < len(other):
            note += f"; {len(other) - len(clips)} clips of {other.path.name} are for measuring and not used"
    if not clips:
        raise VidferError(f"{path} has no unlabelled clips; name a cache that has with --unlabelled")
    return replace(split, unlabelled=clips, note=note)


def split_hash(cache: CropCache, split: ClipSplit) -> str:
    """Names the clips that are trained and validated on, so that a student can compare its teacher's."""
    parts = [[cache.clips[i].id for i in clips] for clips in (split.train, split.val)]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def check_same_split(info: dict, cache: CropCache, split: ClipSplit, checkpoint: Path) -> None:
    """Raises a VidferError if the model to start from was trained on other clips of the same cache.

    The clips that choose the new model would then be clips that the old one has learned by heart.
    """
    known = info.get("split_hashes", {info.get("cache_hash"): info.get("split_hash")})
    if known.get(cache.content_hash, split_hash(cache, split)) != split_hash(cache, split):
        raise VidferError(
            f"the model in {checkpoint} was trained on another split of {cache.path}; give "
            f"--data.fold, --data.val-fraction, --data.split-seed and --data.novel as they were when it was "
            f"trained"
        )


def check_shares(batch_size: int, processes: int, option: str) -> None:
    """Raises a VidferError unless a batch can be shared evenly by the processes."""
    if batch_size % processes:
        raise VidferError(f"{option} {batch_size} cannot be shared by {processes} processes; give a multiple")
