"""What of a cache is there already, and which clips have to be read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from vidfer.build.join import StoredClip
from vidfer.build.part import Part
from vidfer.build.parts_folder import FAILED, PartsFolder, difference, part_key
from vidfer.build.settings import BuildSettings
from vidfer.clips.clip import Clip
from vidfer.errors import VidferError
from vidfer.store.reader import CropCache
from vidfer.store.records import CachedClip
from vidfer.store.schema import Header, canonical_json
from vidfer.store.shard import Shard, length_of

IDS_LISTED = 3
"""So many ids are named in a message."""


@dataclass(frozen=True)
class Wanted:
    """The cache that shall be there in the end."""

    out: Path
    header: Header
    records: dict[str, CachedClip]
    """Of the clips found now, by id; main people only."""
    shard: Shard | None = None


@dataclass(frozen=True)
class Plan:
    """How to come from what is there to the cache that is wanted."""

    records: dict[str, CachedClip]
    """Those of the clips found now, and of clips of the old cache that stay."""
    stored: dict[str, dict[int, StoredClip]]
    """Clips that are finished: id to each person's place. Of parts only the main person is listed."""
    todo: list[Clip]
    """Clips to read, longest first, so that no worker is left with a long one at the end."""
    is_current: bool
    """Whether the cache is just what is wanted already."""


def plan_build(
    clips: Sequence[Clip],
    wanted: Wanted,
    parts: PartsFolder,
    settings: BuildSettings,
    lost: set[tuple[Path, str]] = frozenset(),
) -> Plan:
    """Compare what is wanted with the cache that is there, with its parts, and with what was joined already.

    Args:
        clips: those found now.
        wanted: what shall be there.
        parts: the parts folder.
        settings: what may be replaced, dropped and read again.
        lost: files and the ids of main people that are not to be taken from there.

    Raises:
        VidferError: when the old cache has other settings or clips that are not wanted any more and
            ``settings`` do not say what to do; when a file in which joining was begun cannot be read.
    """
    old = _old_cache(wanted, settings)
    records = dict(wanted.records)
    if old and settings.add:
        _check_same_files(old, wanted)
        records |= {clip.id: clip for clip in old.clips if not clip.person and clip.id not in records}
    there = _in_caches([*_joined_caches(parts), *([old] if old else [])], records, lost)
    names, stored, todo = parts.names(), {}, []
    for clip in clips:
        kept = there.get(clip.id)
        if kept and kept.is_sound and kept.path == wanted.out:
            stored[clip.id] = kept.places
            continue
        key = part_key(records[clip.id])
        good, failed = (StoredClip(parts.folder / f"{key}{end}.part", 0) for end in ("", FAILED))
        if good.path.name in names:  # before what was joined, where it may not have arrived
            stored[clip.id] = {0: good}
        elif kept and kept.is_sound:
            stored[clip.id] = kept.places
        elif failed.path.name in names and not settings.retry_failed:
            stored[clip.id] = {0: failed}
        elif kept and not settings.retry_failed:
            stored[clip.id] = kept.places
        else:
            todo.append(clip)
    stored |= {clip_id: there[clip_id].places for clip_id in records.keys() - wanted.records.keys()}
    todo.sort(key=lambda clip: -length_of(records[clip.id]))
    is_current = old is not None and _is_current(old, wanted, records, stored)
    if old:
        old.close()
    return Plan(records, stored, todo, is_current)


def everyone(plan: Plan, header: Header) -> Iterator[tuple[CachedClip, StoredClip]]:
    """All people of all finished clips: how each is to be described, and where the crops lie."""
    has_others = header.crop_settings.get("face") == "all"
    for clip_id, places in plan.stored.items():
        record, first = plan.records[clip_id], places[0]
        if has_others and first.path.suffix == ".part":
            places = {
                person: StoredClip(first.path, person) for person in range(_people_in(first.path, header))
            }
        for person, stored in places.items():
            yield record.other_person(person) if person else record, stored


def _people_in(part: Path, header: Header) -> int:
    try:
        opened = Part(part, header)
    except VidferError:
        return 1  # whoever copies it will see that it is damaged
    opened.close()
    return len(opened.clips)


def _joined_caches(parts: PartsFolder) -> list[CropCache]:
    """The files in which joining was begun, the oldest first."""
    caches = []
    for path in reversed(parts.joined()):
        try:
            caches.append(CropCache(path))
        except VidferError as error:
            raise VidferError(
                f"{path}, into which finished clips were moved, cannot be read. Start again when the disk is "
                f"well; or delete it, and what is in it alone is read from the videos again ({error})"
            ) from error
    return caches


@dataclass(frozen=True)
class _Kept:
    """A clip of a cache that need not be read again."""

    path: Path
    places: dict[int, StoredClip]
    """Of each person."""
    is_sound: bool
    """Whether it could be read to its end."""


def _in_caches(
    caches: Sequence[CropCache], records: dict[str, CachedClip], lost: set[tuple[Path, str]]
) -> dict[str, _Kept]:
    """Clips of caches that need not be read again; of two equal ones that of the later cache."""
    kept: dict[str, _Kept] = {}
    for cache in caches:
        found: dict[str, _Kept] = {}
        for index, clip in enumerate(cache.clips):
            wanted = None if clip.person else records.get(clip.id)
            if wanted and clip.seen() == wanted.seen() and (cache.path, clip.id) not in lost:
                found[clip.id] = _Kept(cache.path, {0: StoredClip(cache.path, index)}, not clip.reason)
        for index, clip in enumerate(cache.clips):
            if clip.person and clip.main_id in found:
                found[clip.main_id].places[clip.person] = StoredClip(cache.path, index)
        kept |= {clip_id: one for clip_id, one in found.items() if one.is_sound or clip_id not in kept}
        cache.close()
    return kept


def _is_current(
    old: CropCache,
    wanted: Wanted,
    records: dict[str, CachedClip],
    stored: dict[str, dict[int, StoredClip]],
) -> bool:
    """Whether the old cache has all clips, nothing else, and all under their right names."""
    if old.shard != wanted.shard or stored.keys() != records.keys():
        return False
    if any(places[0].path != old.path for places in stored.values()):
        return False
    if sum(map(len, stored.values())) != len(old):
        return False
    for clip in old.clips:
        record = records[clip.main_id]
        described = record.other_person(clip.person) if clip.person else record
        if clip.described_as(described).hash != clip.hash:
            return False
    return True


def _old_cache(wanted: Wanted, settings: BuildSettings) -> CropCache | None:
    """The cache that is there now, if its clips can be taken over."""
    out = wanted.out
    if not out.exists():
        return None
    try:
        cache = CropCache(out)
        found, clips = cache.header.shaping(), cache.clips
    except VidferError:
        if settings.overwrite:
            return None
        raise
    shaping = json.loads(canonical_json(wanted.header.shaping()))
    if found != shaping:
        if settings.overwrite:
            return None
        raise VidferError(
            f"{out} was made with other settings ({difference(found, shaping)}); choose another --out to "
            f"keep both, or --overwrite to replace it"
        )
    gone = [clip.id for clip in clips if clip.main_id not in wanted.records]
    if gone and not (settings.overwrite or settings.add):
        raise VidferError(
            f"{out} has {len(gone)} clips that are not among the {len(wanted.records)} found now (such as "
            f"'{gone[0]}'); choose another --out to keep both, --add to keep these clips too, or --overwrite "
            f"to drop them"
        )
    return cache


def _check_same_files(old: CropCache, wanted: Wanted) -> None:
    """With ``--add`` an equal id must mean the same clip: another data set may have files of equal names."""
    found = ((clip, wanted.records.get(clip.id)) for clip in old.clips if not clip.person)
    other = [clip.id for clip, record in found if record and record.seen() != clip.seen()]
    if other:
        raise VidferError(
            f"{len(other)} clips have ids that {old.path} has for other files (such as "
            f"{', '.join(other[:IDS_LISTED])}); make a cache of their own of them and join both with "
            f"`vidfer merge --prefix-ids`. Files that have changed are read again without --add"
        )
