"""The labels and subjects of clips in a cache."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from vidfer.errors import DataError, SettingError
from vidfer.names import Names, name_key

if TYPE_CHECKING:
    from vidfer.store.reader import CropCache
    from vidfer.store.records import CachedClip


def is_labelled(clip: CachedClip) -> bool:
    """Whether a clip has a label that may be read: the labels in split ``unlabelled`` may not."""
    return clip.label is not None and clip.split != "unlabelled"


def labels_of(cache: CropCache, clips: Sequence[int], classes: Sequence[str]) -> np.ndarray:
    """Class numbers (M,) int64 of clips: the place of each label, by any spelling, in ``classes``.

    Raises:
        DataError: a clip has no label, or a label that is not in ``classes``.
    """
    known = Names(classes)
    numbers = [known.place(cache.clips[i].label) if is_labelled(cache.clips[i]) else None for i in clips]
    for i, number in zip(clips, numbers):
        clip = cache.clips[i]
        if number is None:
            what = f"label '{clip.label}'" if is_labelled(clip) else "no label"
            raise DataError(
                f"clip '{clip.id}' has {what}; it needs one of {', '.join(classes)} ({cache.path})"
            )
    return np.array(numbers, dtype=np.int64)


def subjects_of(cache: CropCache, clips: Sequence[int]) -> list[str]:
    """The subject of each clip.

    Raises:
        DataError: a clip has no subject.
    """
    for i in clips:
        if cache.clips[i].subject is None:
            raise DataError(
                f"clip '{cache.clips[i].id}' has no subject, so episodes cannot be person-disjoint; leave "
                f"that option out, or add the subjects with `vidfer relabel` ({cache.path})"
            )
    return [cache.clips[i].subject for i in clips]


def person_key(clip: CachedClip) -> tuple[str, str]:
    """What tells the people of two caches apart: a known subject, by any spelling, and the data set.

    Two data sets may both have a person who is called ``S001``.
    """
    return clip.source, name_key(clip.subject)


def class_counts(cache: CropCache) -> dict[str, int]:
    """Number of labelled clips of each class, by name. Clips in split ``unlabelled`` do not count."""
    return dict(sorted(Counter(c.label for c in cache.clips if is_labelled(c)).items()))


def check_classes(cache: CropCache, classes: Sequence[str]) -> None:
    """Raise a SettingError unless ``classes`` are different names, each the label of a clip."""
    counts = class_counts(cache)
    known = Names(counts)
    there = ", ".join(f"{name} {count}" for name, count in counts.items()) or "no labelled clip"
    if not classes:
        raise SettingError(f"no class is named; {cache.path} has {there}")
    for name in classes:
        if name not in known:
            raise SettingError(f"class '{name}' is not in {cache.path}; it has {there}")
        if [name_key(other) for other in classes].count(name_key(name)) > 1:
            raise SettingError(f"class '{name}' is named twice; name every class once")
