"""In what two caches differ: the answer to two content hashes that should be one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vidfer.store.reader import CropCache
from vidfer.store.records import CachedClip

MAX_LISTED = 20
"""The text names so many clips of each kind of difference."""

DESCRIPTIONS = ("label", "subject", "split", "source")
"""What a cache says of a clip besides its crops."""


@dataclass(frozen=True, kw_only=True)
class CacheDifference:
    """In what a cache differs from another one. Clips are the same clip when they have the same id."""

    same_content: bool
    """Whether both have the same content hash."""
    only_here: list[str]
    """Clips that only the first cache has."""
    only_there: list[str]
    """Clips that only the second cache has."""
    other_crops: dict[str, str]
    """Clips with other crops, boxes or landmarks, and in how many frames. With other settings, only which."""
    other_description: dict[str, str]
    """Clips with another label, subject, split or source, and which."""
    settings: dict[str, tuple]
    """What shaped the crops and differs: name, the value here and the value there."""
    versions: dict[str, tuple]
    """The same for the versions of the libraries. They do not belong to the content."""


def difference(
    here: CropCache, there: CropCache, progress: Callable[[int, int], None] = lambda done, total: None
) -> CacheDifference:
    """Compare two caches clip by clip. Only crops of clips whose hashes differ are read.

    Args:
        here: the first cache.
        there: the second one.
        progress: told how many clips were read, and how many there are to read.
    """
    ours, theirs = (_by_id(cache) for cache in (here, there))
    both = [clip_id for clip_id in ours if clip_id in theirs]
    crops = [i for i in both if ours[i][1].crops_hash != theirs[i][1].crops_hash]
    descriptions = {i: _other_description(ours[i][1], theirs[i][1]) for i in both}
    settings = _unequal(*(_flat(cache.header.shaping()) for cache in (here, there)))

    def other_crops(place: int, clip_id: str) -> str:
        if settings:  # then nearly every crop differs
            return ""
        text = _other_crops(here, ours[clip_id][0], there, theirs[clip_id][0])
        progress(place + 1, len(crops))
        return text

    return CacheDifference(
        same_content=here.content_hash == there.content_hash,
        only_here=[clip_id for clip_id in ours if clip_id not in theirs],
        only_there=[clip_id for clip_id in theirs if clip_id not in ours],
        other_crops={i: other_crops(place, i) for place, i in enumerate(crops)},
        other_description={i: text for i, text in descriptions.items() if text},
        settings=settings,
        versions=_unequal(here.header.versions, there.header.versions),
    )


def difference_page(here: Path, there: Path, found: CacheDifference) -> str:
    """The difference as text for a terminal."""
    sameness = "hold the same content" if found.same_content else "differ"
    lines = [f"{here} and {there} {sameness}"]
    for name, values in found.settings.items():
        lines.append(f"setting {name}: {values[0]} and {values[1]}")
    for title, clips in (
        (f"only in {here}", found.only_here),
        (f"only in {there}", found.only_there),
        ("other crops", [f"{i}: {text}" if text else i for i, text in found.other_crops.items()]),
        ("other descriptions", [f"{i}: {text}" for i, text in found.other_description.items()]),
    ):
        if clips:
            n = f"{len(clips):,} clip{'s' * (len(clips) != 1)}"
            lines += ["", f"{title}: {n}", *(f"    {clip}" for clip in clips[:MAX_LISTED])]
            if len(clips) > MAX_LISTED:
                lines.append(f"    and {len(clips) - MAX_LISTED:,} more")
    if found.versions:
        versions = ", ".join(f"{name} {a} and {b}" for name, (a, b) in found.versions.items())
        lines += ["", f"versions, which do not count: {versions}"]
    return "\n".join(lines)


def _by_id(cache: CropCache) -> dict[str, tuple[int, CachedClip]]:
    return {clip.id: (index, clip) for index, clip in enumerate(cache.clips)}


def _other_description(ours: CachedClip, theirs: CachedClip) -> str:
    pairs = ((name, getattr(ours, name), getattr(theirs, name)) for name in DESCRIPTIONS)
    return ", ".join(f"{name} {a or 'none'} and {b or 'none'}" for name, a, b in pairs if a != b)


def _other_crops(here: CropCache, i: int, there: CropCache, j: int) -> str:
    """In how many frames clip ``i`` differs from clip ``j`` of a cache with the same settings."""
    a, b = here.frames(i), there.frames(j)
    n = len(a)
    if n != len(b):
        return f"{n} and {len(b)} frames"
    unequal = {
        "the face elsewhere": _rows(a.boxes_xyxy, b.boxes_xyxy)
        | _rows(a.landmarks, b.landmarks)
        | _rows(a.status, b.status),
        "another time or score": _rows(a.times_s, b.times_s) | _rows(a.scores, b.scores),
        "other pixels": [not np.array_equal(here.read(i, [k]), there.read(j, [k])) for k in range(n)],
    }
    counts = [f"{sum(rows)} with {what}" for what, rows in unequal.items() if any(rows)]
    return f"of {n} frames {', '.join(counts) or 'all the same, compressed to other bytes'}"


def _rows(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """Which rows (n,) are not equal. Two numbers that are not known are equal."""
    same = np.isclose(ours, theirs, rtol=0, atol=0, equal_nan=True)
    return ~same.reshape(len(ours), -1).all(axis=1)


def _flat(shaping: dict) -> dict:
    return {**shaping, **shaping["crop_settings"], "crop_settings": None}


def _unequal(ours: dict, theirs: dict) -> dict[str, tuple]:
    names = [name for name in {**ours, **theirs} if ours.get(name) != theirs.get(name)]
    return {name: (ours.get(name), theirs.get(name)) for name in names}
