"""What a run was trained on, in the form of ``data.json``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from vidfer.data.splits import ClipSplit
from vidfer.store.reader import CropCache

PARTS = ("train", "val", "test", "unlabelled")
SOURCES, UNLABELLED_SOURCES = "sources", "unlabelled_sources"
NOT_COMPARED = {"note", SOURCES, UNLABELLED_SOURCES}
"""Notes are for people, and their wording may change; an earlier vidfer wrote no sources. The hashes of the
caches tell what they tell."""


def data_record(split: ClipSplit, cache: CropCache, unlabelled: CropCache | None = None) -> dict:
    """The hash of each cache, the ids of the clips in each part of the split, their sources, and the fold, if
    there is one.

    Args:
        split: what the run uses.
        cache: of the labelled clips.
        unlabelled: of ``split.unlabelled``, if that is another cache.
    """
    caches = dict.fromkeys(PARTS, cache) | {"unlabelled": unlabelled or cache}
    record = {
        "cache_hash": cache.content_hash,
        "unlabelled_cache_hash": caches["unlabelled"].content_hash,
        "classes": list(split.classes),
        "note": split.note,
        **{part: [caches[part].clips[i].id for i in getattr(split, part)] for part in PARTS},
        SOURCES: _sources(cache, [*split.train, *split.val]),
        UNLABELLED_SOURCES: _sources(caches["unlabelled"], split.unlabelled),
    }
    if split.fold is not None:
        held_out = [cache.clips[i].id for i in split.fold.held_out]
        record["fold"] = {"name": split.fold.name, "of": split.fold.of, "held_out": held_out}
        record["fold"]["division_hash"] = split.fold.division_hash
    return record


def _sources(cache: CropCache, clips: Sequence[int]) -> list[str]:
    return sorted({cache.clips[i].source for i in clips})


def joint_record(splits: Sequence[ClipSplit], caches: Sequence[CropCache]) -> dict:
    """The record of several caches: all their clips, and in ``domains`` the record of each cache.

    The record of a single cache is its :func:`data_record`.
    """
    domains = [data_record(split, cache) for split, cache in zip(splits, caches, strict=True)]
    if len(domains) == 1:
        return domains[0]
    return {
        "classes": sorted({name for domain in domains for name in domain["classes"]}),
        "note": "; ".join(f"{c.path.name}: {s.note}" for c, s in zip(caches, splits)),
        **{part: [clip for domain in domains for clip in domain[part]] for part in PARTS},
        "domains": domains,
    }


def domains_of(data: dict) -> list[dict]:
    """The record of each cache in the content of a ``data.json``; no record if that is empty."""
    return data.get("domains", [data] if data else [])


def same_data(one: Any, other: Any) -> bool:
    """Whether two records are of the same data; see :data:`NOT_COMPARED`."""
    if isinstance(one, dict) and isinstance(other, dict):
        names = (one.keys() | other.keys()) - NOT_COMPARED
        return all(same_data(one.get(name), other.get(name)) for name in names)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same_data, one, other))
    return one == other
