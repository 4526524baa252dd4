"""Divide clips into parts by subject, with about the same share of every class in each part."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from vidfer.errors import DataError

if TYPE_CHECKING:
    from vidfer.store.reader import CropCache


def divide(
    cache: CropCache, clips: Sequence[int], shares: Mapping[str, float], seed: int
) -> tuple[dict[str, list[int]], str]:
    """Divide labelled clips into parts; all clips of a known subject go into the same part.

    The clips of a subject are a group, and a clip without a subject is a group of its own. Groups are placed
    one by one, the largest first, equal sizes in random order. Each goes to the part that lacks most of the
    group's classes, as a share of what the part should have. So the result depends on clip ids, subjects,
    labels and the seed, but not on the order of the clips in the cache.

    Args:
        cache: an open crop cache.
        clips: indices of labelled clips.
        shares: name of each part and its share of the clips; the shares add up to 1.
        seed: of the random order.

    Returns:
        The clips of each part, and a few words on how they were divided, such as "by subject".

    Raises:
        DataError: fewer groups than parts.
    """
    groups: dict[str, list[int]] = {}
    for i in clips:
        clip = cache.clips[i]
        group = f"clip {clip.id}" if clip.subject is None else f"subject {clip.subject}"
        groups.setdefault(group, []).append(i)
    if len(groups) < len(shares):
        raise _too_few(cache, clips, len(groups), shares)
    target = {part: Counter() for part in shares}
    for label, count in Counter(cache.clips[i].label for i in clips).items():
        for part, share in shares.items():
            target[part][label] = share * count
    names = sorted(groups)
    names = [names[k] for k in np.random.default_rng(seed).permutation(len(names))]
    names.sort(key=lambda name: -len(groups[name]))  # stable, so equal sizes stay in random order

    parts: dict[str, list[int]] = {part: [] for part in shares}
    missing = {part: Counter(counts) for part, counts in target.items()}
    for place, name in enumerate(names):
        labels = Counter(cache.clips[i].label for i in groups[name])
        empty = [part for part in shares if not parts[part]]
        # The last groups go to parts that would otherwise stay empty.
        candidates = empty if len(names) - place <= len(empty) else list(shares)
        best = max(
            candidates,
            key=lambda part: sum(
                n * missing[part][label] / target[part][label] for label, n in labels.items()
            ),
        )
        parts[best] += groups[name]
        missing[best].subtract(labels)
    return parts, _how(cache, clips)


def _how(cache: CropCache, clips: Sequence[int]) -> str:
    unknown = sum(cache.clips[i].subject is None for i in clips)
    if not unknown:
        return "by subject"
    if unknown == len(clips):
        return "by clip, because the subjects are not known (the same subject may be in two parts)"
    return f"by subject, but {unknown} of {len(clips)} clips by clip, because their subjects are not known"


def _too_few(cache: CropCache, clips: Sequence[int], n_groups: int, shares: Mapping[str, float]) -> DataError:
    """The error for fewer groups than parts. Subjects may be left out where there are enough clips."""
    parts = ", ".join(shares)
    if len(clips) < len(shares):
        return DataError(
            f"{len(clips)} labelled clips cannot be divided into {parts}; add clips ({cache.path})"
        )
    subjects = sorted({cache.clips[i].subject for i in clips} - {None})
    who = f"subject {subjects[0]} only" if len(subjects) == 1 else f"{len(subjects)} subjects"
    unknown = sum(cache.clips[i].subject is None for i in clips)
    who += f" (no subject is known for {unknown} of the clips)" if unknown else ""
    return DataError(
        f"{len(clips)} labelled clips show {who}; they cannot be divided into {parts}, because all clips of "
        "a subject stay together. To measure clips of the same people, leave their subjects out: `vidfer "
        f"relabel {cache.path} --table FILE` with the columns id and subject, and no subject in them. To "
        f"measure other people, add clips of at least {len(shares) - n_groups} more"
    )
