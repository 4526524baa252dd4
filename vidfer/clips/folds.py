"""The official folds of a data set, from its parts."""

from __future__ import annotations

from pathlib import Path

from vidfer.clips import find_clips
from vidfer.errors import VidferError

PARTS = {"ckplus": 10, "dfew": 5}
"""Sources whose parts, 1 and on, are folds: each labelled clip is ``test`` in one of them."""


def official_folds(source: str, root: Path) -> dict[str, int]:
    """The fold in which each labelled clip is tested, by the clip's id.

    Args:
        source: one of :data:`PARTS`.
        root: of the data set, as it was given for the cache.

    Raises:
        VidferError: a source without official folds, a root that cannot be read, or parts that test a clip
            twice or not at all.
    """
    if source not in PARTS:
        raise VidferError(
            f"'{source}' has no official folds; those that have: {', '.join(PARTS)}. Others can be divided "
            "by subject with --data.fold 3/10"
        )
    folds: dict[str, int] = {}
    labelled: set[str] = set()
    for number in range(1, PARTS[source] + 1):
        clips = [clip for clip in find_clips(f"{source}:{number}", root) if clip.label is not None]
        labelled |= {clip.id for clip in clips}
        for clip in clips:
            if clip.split == "test" and folds.setdefault(clip.id, number) != number:
                raise VidferError(
                    f"clip '{clip.id}' is test in {source}:{folds[clip.id]} and in {source}:{number}, so "
                    f"these are no folds; look at the tables in {root}"
                )
    never = sorted(labelled - folds.keys())
    if never:
        raise VidferError(
            f"{len(never)} labelled clips are test in no part of {source}, such as '{never[0]}'; look at the "
            f"tables in {root}"
        )
    return folds
