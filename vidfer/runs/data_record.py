"""What a run was trained on, in the form of ``data.json``."""

from __future__ import annotations

from collections.abc import Sequence

from vidfer.data.splits import ClipSplit
from vidfer.store.reader import CropCache

PARTS = ("train", "val", "test", "unlabelled")


def data_record(split: ClipSplit, cache: CropCache, unlabelled: CropCache | None = None) -> dict:
    """The hash of each cache, the ids of the clips in each part of the split, and the fold, if there is one.

    Args:
        split: what the run uses.
        cache: of the labelled clips.
        unlabelled: of ``split.unlabelled``, if that is another one.
    """
    caches = dict.fromkeys(PARTS, cache) | {"unlabelled": unlabelled or cache}
    record = {
        "cache_hash": cache.content_hash,
        "unlabelled_cache_hash": caches["unlabelled"].content_hash,
        "classes": list(split.classes),
        "note": split.note,
        **{part: [caches[part].clips[i].id for i in getattr(split, part)] for part in PARTS},
    }
    if split.fold is not None:
        held_out = [cache.clips[i].id for i in split.fold.held_out]
        record["fold"] = {"name": split.fold.name, "of": split.fold.of, "held_out": held_out}
        record["fold"]["division_hash"] = split.fold.division_hash
    return record


def joint_record(splits: Sequence[ClipSplit], caches: Sequence[CropCache]) -> dict:
    """That of several caches: all clips together, and in ``domains`` the record of each cache.

    Of a single cache it is :func:`data_record`.
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
    """The record of each cache in what ``data.json`` holds; none where there is none."""
    return data.get("domains", [data] if data else [])
