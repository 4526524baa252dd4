"""Split clips into train, val, test and unlabelled, without a subject on two sides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from vidfer.data.clip_labels import check_classes, is_labelled
from vidfer.data.divide import divide
from vidfer.data.folds import Fold
from vidfer.errors import DataError, SettingError
from vidfer.names import Names

if TYPE_CHECKING:
    from vidfer.store.reader import CropCache

LABELLED = ("train", "val", "test")


@dataclass(frozen=True, kw_only=True)
class ClipSplit:
    """The clips of each part of a split, as indices into a cache in its order."""

    train: tuple[int, ...]
    val: tuple[int, ...]
    test: tuple[int, ...]
    unlabelled: tuple[int, ...]
    """Clips that may be trained on without their label; nobody reads their label."""
    classes: tuple[str, ...]
    note: str
    """In words: how the clips were split, and what was left out."""
    fold: Fold | None = None
    """In cross-validation: the fold that is held out."""


def split_clips(
    cache: CropCache,
    classes: Sequence[str],
    *,
    val_fraction: float = 0.15,
    seed: int = 0,
    fold: Fold | None = None,
) -> ClipSplit:
    """Split the labelled clips of the base classes, and find the unlabelled clips.

    Official splits are used where the cache has them; if there is no official ``val``, a part of ``train``
    becomes ``val``. Without official splits ``val`` and ``test`` get ``val_fraction`` of the clips each. With
    a ``fold``, ``test`` is what the fold holds out, a part of the rest becomes ``val``, and official splits
    are ignored. Clips are divided by subject where subjects are known, otherwise by clip, with about the same
    share of every class in each part. Clips of other classes are left out; see :func:`novel_clips`.

    Args:
        cache: an open crop cache.
        classes: names of the base classes; their order gives the class numbers.
        val_fraction: share of the clips, above 0 and below 0.5.
        seed: of the division; the result does not depend on the order of clips in the cache.
        fold: the fold of this cache to hold out, from :func:`vidfer.data.folds.find_fold`.

    Raises:
        SettingError: an unknown class, or ``val_fraction`` out of range.
        DataError: a subject in two parts, or too few subjects to divide.
    """
    if not 0 < val_fraction < 0.5:
        raise SettingError(f"val_fraction is {val_fraction}; give a number above 0 and below 0.5")
    check_classes(cache, classes)
    base = Names(classes)
    labelled = [i for i, c in enumerate(cache.clips) if is_labelled(c) and c.label in base]
    unlabelled = [i for i, c in enumerate(cache.clips) if c.split == "unlabelled" or c.label is None]
    parts: dict[str, list[int]] = {name: [] for name in LABELLED}
    notes = []

    divided: list[str] = []  # the parts that we choose, not the data set
    if fold is not None:
        held_out = {*fold.held_out}
        shares = {"train": 1 - val_fraction, "val": val_fraction}
        taken, how = divide(cache, [i for i in labelled if i not in held_out], shares, seed)
        parts.update(taken, test=[i for i in labelled if i in held_out])
        divided = ["val", "test"]
        official = ", official splits are ignored" if any(cache.clips[i].split for i in labelled) else ""
        notes.append(f"{fold.note}{official}; {val_fraction:.0%} of the rest is taken for val, {how}")
    elif any(cache.clips[i].split for i in labelled):
        for i in labelled:
            parts[cache.clips[i].split or "train"].append(i)
        notes.append("official splits")
        stray = sum(cache.clips[i].split is None for i in labelled)
        if stray:
            notes.append(f"{stray} labelled clips without a split go to train")
        if not parts["val"] and parts["train"]:
            shares = {"train": 1 - val_fraction, "val": val_fraction}
            taken, how = divide(cache, parts["train"], shares, seed)
            parts.update(taken)
            divided = ["val"]
            notes.append(f"no official val: {val_fraction:.0%} of train is taken for it, {how}")
        notes += [
            f"no labelled {part} clips of these classes" for part in ("train", "test") if not parts[part]
        ]
    else:
        shares = {"train": 1 - 2 * val_fraction, "val": val_fraction, "test": val_fraction}
        parts, how = divide(cache, labelled, shares, seed)
        divided = ["val", "test"]
        percent = ", ".join(f"{part} {share:.0%}" for part, share in shares.items())
        notes.append(f"no official splits: divided {how}, into {percent}")

    # Unlabelled clips of val and test show the very subjects that are measured. Where we chose the parts,
    # we leave out all unlabelled clips of their subjects; for official parts the check below raises.
    chosen = [*(fold.held_out if fold else ()), *(i for part in divided for i in parts[part])]
    measured = {cache.clips[i].subject for i in chosen} - {None}
    left_out = {
        i for i in unlabelled if cache.clips[i].split in ("val", "test") or cache.clips[i].subject in measured
    }
    if left_out:
        unlabelled = [i for i in unlabelled if i not in left_out]
        notes.append(f"{len(left_out)} unlabelled clips of val or test are not used")
    check_subjects_disjoint(cache, {**parts, "unlabelled": unlabelled})
    return ClipSplit(
        **{name: tuple(sorted(clips)) for name, clips in parts.items()},
        unlabelled=tuple(unlabelled),
        classes=tuple(classes),
        note="; ".join([*notes, *cache.spelling_notes]),
        fold=fold,
    )


def novel_clips(
    cache: CropCache, classes: Sequence[str], *, base: Iterable[str] = (), split: str | None = None
) -> tuple[int, ...]:
    """Labelled clips of novel classes, that is, of classes that were never trained on.

    Args:
        cache: an open crop cache.
        classes: names of the novel classes.
        base: names of the classes that were trained on.
        split: take clips of this official split only; None takes all labelled clips of these classes.

    Raises:
        SettingError: an unknown class, or one that is base and novel at once.
    """
    seen, novel = Names(base), Names(classes)
    if both := sorted(name for name in classes if name in seen):
        raise SettingError(
            f"class '{both[0]}' is both a base and a novel class; a novel class is one that was never "
            f"trained on ({cache.path})"
        )
    check_classes(cache, classes)
    return tuple(
        i
        for i, c in enumerate(cache.clips)
        if is_labelled(c) and c.label in novel and (split is None or c.split == split)
    )


def check_subjects_disjoint(cache: CropCache, parts: Mapping[str, Sequence[int]]) -> None:
    """Raise a DataError if a clip or a known subject is in two parts.

    ``train`` and ``unlabelled`` may share subjects, because both are trained on. But an unlabelled clip of a
    ``val`` or ``test`` subject is a leak: the network would learn from the face it is measured on.
    """
    for one, other in combinations(parts, 2):
        twice = set(parts[one]) & set(parts[other])
        if twice:
            raise DataError(f"clip '{cache.clips[min(twice)].id}' is in {one} and in {other} ({cache.path})")
        if {one, other} == {"train", "unlabelled"}:
            continue
        in_one, in_other = _clips_by_subject(cache, parts[one]), _clips_by_subject(cache, parts[other])
        leaks = sorted(in_one.keys() & in_other.keys())
        if leaks:
            subject, more = leaks[0], f" and {len(leaks) - 1} other subjects" if len(leaks) > 1 else ""
            raise DataError(
                f"subject '{subject}'{more} is in {one} ({_few(in_one[subject])}) and in {other} "
                f"({_few(in_other[subject])}); give every subject one split, or none at all, and build "
                f"the cache again ({cache.path})"
            )


def _clips_by_subject(cache: CropCache, clips: Sequence[int]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for i in clips:
        if cache.clips[i].subject is not None:
            found.setdefault(cache.clips[i].subject, []).append(cache.clips[i].id)
    return found


def _few(ids: list[str]) -> str:
    return ", ".join(ids[:3]) + (f" and {len(ids) - 3} more" if len(ids) > 3 else "")
