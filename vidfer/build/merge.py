"""Joining several caches into one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from vidfer.build.header import settings_difference
from vidfer.build.join import Progress, concatenate
from vidfer.build.rewrite_cache import check_out, writing
from vidfer.build.stored_clips import StoredClip
from vidfer.clips.spelling import with_one_spelling
from vidfer.errors import CacheError, SettingError
from vidfer.store.reader import CropCache
from vidfer.store.records import CachedClip
from vidfer.store.schema import Header


@dataclass(frozen=True)
class MergeReport:
    """What merging came to."""

    n_clips: int
    n_duplicates: int
    """Clips that were in more than one cache, the same in each. Each was taken once."""
    content_hash: str


def merge_caches(
    paths: Sequence[Path],
    out: Path,
    *,
    partial: bool = False,
    prefix_ids: bool = False,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> MergeReport:
    """Join caches of equal settings without decoding. Every byte is checked on the way.

    The result is the cache that would have been built of all clips at once. A clip that is in several caches,
    the same in each, is taken once.

    Args:
        paths: the caches, in any order.
        out: the new cache; it is complete or as it was before.
        partial: join shards of a data set even if some are missing.
        prefix_ids: put the name of its cache before the id of every clip.
        overwrite: replace ``out`` if it exists.
        progress: called with the number of clips copied and the number of all.

    Raises:
        SettingError: there are fewer than two caches, or ``out`` cannot be used.
        CacheError: the caches have different settings, shards are missing, one id stands for different clips,
            a clip is damaged, or another process writes ``out``.
        DiskError: the disk is full, or ``out`` cannot be written.
    """
    caches = [CropCache(path) for path in paths]
    if len({path.resolve() for path in paths}) < 2 and not (caches and caches[0].header.shard):
        given = f"only {paths[0]}" if paths else "none"
        raise SettingError(f"{given} is given; name two or more different caches to merge")
    header = _common_header(caches)
    if not partial:
        check_shards(caches)
    prefixes = _prefixes(paths) if prefix_ids else [""] * len(paths)
    clips: dict[str, StoredClip] = {}
    n_duplicates = 0
    for cache, prefix in zip(caches, prefixes):
        for index, clip in enumerate(cache.records):
            stored = StoredClip(replace(clip, id=prefix + clip.id), cache.path, index)
            first = clips.setdefault(stored.record.id, stored)
            if first is not stored:
                clips[stored.record.id] = _same_clip(clip, cache, first)
                n_duplicates += 1
    for cache in caches:
        cache.close()
    if any(out.exists() and path.exists() and out.samefile(path) for path in paths):
        raise SettingError(f"{out} is one of the caches to merge; give another --out")
    check_out(out, overwrite)
    records, _ = with_one_spelling([stored.record for stored in clips.values()])
    merged = [replace(stored, record=record) for stored, record in zip(clips.values(), records)]
    with writing(out):
        content = concatenate(merged, header, out, progress)
    return MergeReport(len(clips), n_duplicates, content)


def check_shards(caches: Sequence[CropCache]) -> None:
    """Raise CacheError when caches are shards of a data set, and not all of its shards are given."""
    found: dict[tuple[str, int], dict[int, Path]] = {}
    for cache in caches:
        if cache.header.shard:
            data_set = (cache.header.shard.list_hash, cache.header.shard.count)
            found.setdefault(data_set, {})[cache.header.shard.index] = cache.path
    for (_, count), shards in found.items():
        missing = [f"{index}/{count}" for index in range(1, count + 1) if index not in shards]
        if missing:
            raise CacheError(
                f"{min(shards.values())} is one of {count} shards of a data set, and {_first_names(missing)} "
                f"is missing; name that cache too (`vidfer cache --shard {missing[0]}` makes it), or give "
                f"--partial to join the others"
            )


def _common_header(caches: Sequence[CropCache]) -> Header:
    """The settings of all caches. Where their versions differ, all of them are named."""
    first = caches[0]
    for other in caches[1:]:
        found, wanted = other.header.shaping(), first.header.shaping()
        if found != wanted:
            raise CacheError(
                f"{other.path} was made with other settings than {first.path} "
                f"({settings_difference(found, wanted)}); make one of them again with the settings of the "
                f"other"
            )
    versions: dict[str, set[str]] = {}
    for cache in caches:
        for name, version in cache.header.versions.items():
            versions.setdefault(name, set()).update(version.split(" and "))
    joined = {name: " and ".join(sorted(found)) for name, found in versions.items()}
    return replace(first.header, versions=joined, shard=None)


def _prefixes(paths: Sequence[Path]) -> list[str]:
    stems = [path.stem for path in paths]
    twice = next((stem for stem in stems if stems.count(stem) > 1), None)
    if twice:
        both = " and ".join(str(path) for path in paths if path.stem == twice)
        raise SettingError(f"{both} have the same name, so it cannot tell their ids apart; rename one")
    return [f"{stem}/" for stem in stems]


def _same_clip(clip: CachedClip, cache: CropCache, first: StoredClip) -> StoredClip:
    """The one clip that two of the same id are. Their label and subject may be spelt in two ways.

    Raises:
        CacheError: they differ.
    """
    other = first.record
    if clip.hash == other.hash:
        return first
    (one, same), notes = with_one_spelling((clip, other))
    if notes and one.fingerprint() == same.fingerprint():
        return replace(first, record=same)
    what = ", ".join(
        f"{name} {getattr(clip, name) or 'none'}, {getattr(other, name) or 'none'}"
        for name in ("label", "subject", "split", "source")
        if getattr(clip, name) != getattr(other, name)
    )
    raise CacheError(
        f"clip '{clip.id}' in {cache.path} differs from the one in {first.path} "
        f"({what or 'the crops differ'}); give --prefix-ids to keep both, or drop one of them with "
        f"`vidfer export --drop`"
    )


def _first_names(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
