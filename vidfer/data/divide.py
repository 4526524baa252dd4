"""Divide clips into parts by subject, with about the same share of every class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from vidfer.errors import VidferError

if TYPE_CHECKING:
    from vidfer.store.reader import CropCache


def divide(
    cache: CropCache, clips: Sequence[int], shares: Mapping[str, float], seed: int
) -> tuple[dict[str, list[int]], str]:
    """Divide labelled clips into parts; all clips of a known subject stay together.

    Greedy: from the largest group to the smallest (equal sizes in random order), a group goes where its
    classes are missing most, as a share of what the part should have. So the result depends on clip ids,
    subjects, labels and the seed, not on the order in the cache.

    Args:
        cache: an open crop cache.
        clips: indices of labelled clips.
        shares: part name to its share of the clips; they add up to 1.
        seed: of the random order.

    Returns:
        Clips of every part, and how they were divided ("by subject", ...) in words.

    Raises:
        VidferError: fewer groups than parts.
    """
    groups: dict[str, list[int]] = {}
    for i in clips:
        clip = cache.clips[i]
        group = f"clip {clip.id}" if clip.subject is None else f"subject {clip.subject}"
        groups.setdefault(group, []).append(i)
    if len(groups) < len(shares):
        subjects = all(name.startswith("subject ") for name in groups)
        raise VidferError(
            f"{len(clips)} labelled clips of {len(groups)} {'subjects' if subjects else 'clips or subjects'} "
            f"cannot be divided into {', '.join(shares)}; add clips of other people ({cache.path})"
        )
    wanted = {part: Counter() for part in shares}
    for label, count in Counter(cache.clips[i].label for i in clips).items():
        for part, share in shares.items():
            wanted[part][label] = share * count
    names = sorted(groups)
    names = [names[k] for k in np.random.default_rng(seed).permutation(len(names))]
    names.sort(key=lambda name: -len(groups[name]))  # stable: equal sizes stay in random order

    parts: dict[str, list[int]] = {part: [] for part in shares}
    missing = {part: Counter(counts) for part, counts in wanted.items()}
    for place, name in enumerate(names):
        labels = Counter(cache.clips[i].label for i in groups[name])
        empty = [part for part in shares if not parts[part]]
        # The last groups are kept for parts that would otherwise stay empty.
        candidates = empty if len(names) - place <= len(empty) else list(shares)
        best = max(
            candidates,
            key=lambda part: sum(
                n * missing[part][label] / wanted[part][label] for label, n in labels.items()
            ),
        )
        parts[best] += groups[name]
        missing[best].subtract(labels)
    return parts, _words(cache, clips)


def _words(cache: CropCache, clips: Sequence[int]) -> str:
    unknown = sum(cache.clips[i].subject is None for i in clips)
    if not unknown:
        return "by subject"
    if unknown == len(clips):
        return "by clip, because the subjects are not known (the same person may be in two parts)"
    return f"by subject, but {unknown} of {len(clips)} clips by clip, because their subjects are not known"
