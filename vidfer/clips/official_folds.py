"""The official folds of a data set, from its parts."""

from __future__ import annotations

from pathlib import Path

from vidfer.clips.find import find_clips
from vidfer.clips.sources import SOURCES
from vidfer.errors import DataError, SettingError


def official_folds(source: str, root: Path) -> dict[str, int]:
    """The fold in which each labelled clip is tested, by the id of the clip.

    Args:
        source: the name of a source with official folds.
        root: the root of the data set, as it was given for the cache.

    Raises:
        SettingError: the source has no official folds.
        DataError: the root cannot be read, or a clip is tested in two folds or in none.
    """
    if source not in SOURCES or not SOURCES[source].n_folds:
        with_folds = [name for name, other in SOURCES.items() if other.n_folds]
        raise SettingError(
            f"'{source}' has no official folds; these have: {', '.join(with_folds)}. Other data can be "
            "divided by subject with --data.fold 3/10"
        )
    folds: dict[str, int] = {}
    labelled: set[str] = set()
    for number in range(1, SOURCES[source].n_folds + 1):
        clips = [clip for clip in find_clips(f"{source}:{number}", root) if clip.label is not None]
        labelled |= {clip.id for clip in clips}
        for clip in clips:
            if clip.split == "test" and folds.setdefault(clip.id, number) != number:
                raise DataError(
                    f"the clip '{clip.id}' is test in {source}:{folds[clip.id]} and in {source}:{number}; "
                    f"each clip must be test once. Check the tables in {root}"
                )
    never = sorted(labelled - folds.keys())
    if never:
        raise DataError(
            f"{len(never)} labelled clips are test in no part of {source}, such as '{never[0]}'. Check the "
            f"tables in {root}"
        )
    return folds
