"""Hide labels: a few clips of each class stay labelled, and the others are unlabelled."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from vidfer.data.splits import ClipSplit
from vidfer.names import Names
from vidfer.store.reader import CropCache


def with_few_labels(split: ClipSplit, cache: CropCache, per_class: int, seed: int) -> ClipSplit:
    """The split with at most so many labelled training clips of each class; the others become unlabelled.

    So a data set with labels tells how much a student learns from clips without labels. The clips whose hash
    of id and seed is lowest keep their label: the choice does not depend on the order of the clips, and more
    labels of the same seed are those and others.

    Args:
        split: its training clips show faces.
        cache: of the split.
        per_class: clips of a class that keep their label, 1 or more; a smaller class keeps all of them.
        seed: of the choice.
    """
    classes, clips = Names(split.classes), split.train
    of_class: list[list[int]] = [[] for _ in split.classes]
    for i in clips:
        of_class[classes.place(cache.clips[i].label)].append(i)
    kept = {i for each in of_class for i in sorted(each, key=lambda i: _order(cache, i, seed))[:per_class]}
    hidden = {*clips} - kept
    counted = f"{per_class} labels of each class are used, those of {len(hidden)} clips are hidden"
    return replace(
        split,
        train=tuple(i for i in clips if i in kept),
        unlabelled=tuple(sorted({*split.unlabelled} | hidden)),
        note=f"{split.note}; {counted}",
    )


def _order(cache: CropCache, clip: int, seed: int) -> str:
    return hashlib.sha256(f"{seed} {cache.clips[clip].id}".encode()).hexdigest()
