"""What of a cache is there already, and which clips have to be read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from vidfer.clips.clip import Clip
from vidfer.errors import VidferError
from vidfer.store.concatenate import StoredClip
from vidfer.store.parts_folder import PartsFolder, difference
from vidfer.store.reader import CropCache
from vidfer.store.records import CachedClip
from vidfer.store.schema import Header, canonical_json
from vidfer.store.settings import BuildSettings


@dataclass(frozen=True)
class Plan:
    """How to come from what is there to the cache that is wanted."""

    stored: dict[str, StoredClip]
    """Clips that are finished, by id."""
    todo: list[Clip]
    """Clips to read, largest file first, so that no worker is left with a long one at the end."""
    is_current: bool
    """Whether the cache is just what is wanted already."""


def plan_build(
    clips: Sequence[Clip],
    records: dict[str, CachedClip],
    out: Path,
    header: Header,
    parts: PartsFolder,
    settings: BuildSettings,
) -> Plan:
    """Compare what is wanted with the cache ``out`` and its parts.

    Raises:
        VidferError: when ``out`` has other settings or clips that are not wanted any more, and
            ``settings.overwrite`` is False.
    """
    old = _old_cache(out, header, records, settings.overwrite)
    reusable = {}
    for index, clip in enumerate(old.clips if old else ()):
        wanted = records.get(clip.id)
        if wanted and clip.seen() == wanted.seen() and not (clip.reason and settings.retry_failed):
            reusable[clip.id] = index
    names, stored, todo = parts.names(), {}, []
    for clip in clips:
        record = records[clip.id]
        good, failed = (parts.path_of(replace(record, reason=reason)) for reason in ("", "failed"))
        if good.name in names:
            stored[clip.id] = StoredClip(good, 0)
        elif clip.id in reusable:
            stored[clip.id] = StoredClip(out, reusable[clip.id])
        elif failed.name in names and not settings.retry_failed:
            stored[clip.id] = StoredClip(failed, 0)
        else:
            todo.append(clip)
    is_current = (
        old is not None
        and len(reusable) == len(old) == len(records)
        and all(clip.described_as(records[clip.id]).hash == clip.hash for clip in old.clips)
    )
    return Plan(stored, sorted(todo, key=lambda clip: -records[clip.id].file_size), is_current)


def _old_cache(
    out: Path, header: Header, records: dict[str, CachedClip], overwrite: bool
) -> CropCache | None:
    """The cache that ``out`` is now, if its clips can be taken over."""
    if not out.exists():
        return None
    try:
        cache = CropCache(out)
        found = cache.header.shaping()
    except VidferError:
        if overwrite:
            return None
        raise
    wanted = json.loads(canonical_json(header.shaping()))
    if found != wanted:
        if overwrite:
            return None
        raise VidferError(
            f"{out} was made with other settings ({difference(found, wanted)}); choose another --out to keep "
            f"both, or --overwrite to replace it"
        )
    gone = [clip.id for clip in cache.clips if clip.id not in records]
    if gone and not overwrite:
        raise VidferError(
            f"{out} has {len(gone)} clips that are not among the {len(records)} found now (such as "
            f"'{gone[0]}'); choose another --out to keep both, or --overwrite to drop them"
        )
    return cache
