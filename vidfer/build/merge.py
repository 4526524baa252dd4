"""Several caches into one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from vidfer.build.join import StoredClip, concatenate
from vidfer.build.new_cache import new_cache
from vidfer.build.parts_folder import difference
from vidfer.errors import VidferError
from vidfer.store.reader import CropCache
from vidfer.store.records import CachedClip
from vidfer.store.schema import Header


@dataclass(frozen=True)
class Merged:
    """What merging came to."""

    n_clips: int
    n_twice: int
    """Clips that were in more than one cache, the same in each."""
    content_hash: str


def merge_caches(
    paths: Sequence[Path],
    out: Path,
    *,
    partial: bool = False,
    prefix_ids: bool = False,
    overwrite: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Merged:
    """Join caches of equal settings without decoding; every byte is checked on the way.

    The result is the cache that would have been built of all the clips at once. A clip that is in several
    caches, the same in each, is taken once.

    Args:
        paths: the caches; their order does not matter.
        out: the new cache; it is there whole, or as it was.
        partial: join shards of a data set even if some are missing.
        prefix_ids: put the name of its cache before the id of every clip.
        overwrite: replace ``out`` if it is there.
        progress: called with the number of clips copied and the number of all.

    Raises:
        VidferError: for other settings, missing shards, different clips of one id, damage, and what keeps
            ``out`` from being written.
    """
    caches = [CropCache(path) for path in paths]
    if len({path.resolve() for path in paths}) < 2 and not (caches and caches[0].shard):
        given = f"only {paths[0]}" if paths else "none"
        raise VidferError(f"merging needs two different caches or more; {given} is given")
    header = _common_header(caches)
    if not partial:
        check_shards(caches)
    prefixes = _prefixes(paths) if prefix_ids else [""] * len(paths)
    pairs: dict[str, tuple[CachedClip, StoredClip]] = {}
    n_twice = 0
    for cache, prefix in zip(caches, prefixes):
        for index, clip in enumerate(cache.clips):
            record = replace(clip, id=prefix + clip.id)
            other = pairs.setdefault(record.id, (record, StoredClip(cache.path, index)))
            if other[0] is not record:
                _check_same(clip, cache, *other)
                n_twice += 1
    for cache in caches:
        cache.close()
    with new_cache(out, paths, overwrite):
        content = concatenate(list(pairs.values()), header, out, progress)
    return Merged(len(pairs), n_twice, content)


def check_shards(caches: Sequence[CropCache]) -> None:
    """Raise VidferError when caches are shards of a data set and not all of its shards are there."""
    found: dict[tuple[str, int], dict[int, Path]] = {}
    for cache in caches:
        if cache.shard:
            data_set = (cache.shard.list_hash, cache.shard.count)
            found.setdefault(data_set, {})[cache.shard.index] = cache.path
    for (_, count), shards in found.items():
        missing = [f"{index}/{count}" for index in range(1, count + 1) if index not in shards]
        if missing:
            raise VidferError(
                f"{min(shards.values())} is one of {count} shards of a data set, and {_some(missing)} is not "
                f"there; name that cache too (`vidfer cache --shard {missing[0]}` makes it), or join the "
                f"others with --partial"
            )


def _common_header(caches: Sequence[CropCache]) -> Header:
    """The settings of all; of the versions those that differ are all named."""
    first = caches[0]
    for other in caches[1:]:
        found, wanted = other.header.shaping(), first.header.shaping()
        if found != wanted:
            raise VidferError(
                f"{other.path} was made with other settings than {first.path} ({difference(found, wanted)}); "
                f"only caches of equal settings can be one: make one of them again with those of the other"
            )
    versions: dict[str, set[str]] = {}
    for cache in caches:
        for name, version in cache.header.versions.items():
            versions.setdefault(name, set()).update(version.split(" and "))
    return replace(first.header, versions={name: " and ".join(sorted(v)) for name, v in versions.items()})


def _prefixes(paths: Sequence[Path]) -> list[str]:
    stems = [path.stem for path in paths]
    twice = next((stem for stem in stems if stems.count(stem) > 1), None)
    if twice:
        both = " and ".join(str(path) for path in paths if path.stem == twice)
        raise VidferError(f"{both} have the same name, which cannot tell their ids apart; rename one")
    return [f"{stem}/" for stem in stems]


def _check_same(clip: CachedClip, cache: CropCache, other: CachedClip, where: StoredClip) -> None:
    if clip.hash == other.hash:
        return
    what = ", ".join(
        f"{name} {getattr(clip, name) or 'none'}, {getattr(other, name) or 'none'}"
        for name in ("label", "subject", "split", "source")
        if getattr(clip, name) != getattr(other, name)
    )
    raise VidferError(
        f"clip '{clip.id}' is in {cache.path} and in {where.path}, and not the same "
        f"({what or 'the crops differ'}); merge with --prefix-ids to keep both, or take it out of one with "
        f"`vidfer remove`"
    )


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
