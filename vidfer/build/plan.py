"""What of a cache is there already, and which clips have to be read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from vidfer.build.header import settings_difference
from vidfer.build.part import Part
from vidfer.build.parts_folder import FAILED, PartsFolder, part_key
from vidfer.build.shards import length_of
from vidfer.build.stored_clips import StoredClip
from vidfer.build.task import BuildTask, ClipToRead
from vidfer.errors import CacheError, DataError
from vidfer.store.canonical_json import canonical_json
from vidfer.store.reader import CropCache
from vidfer.store.records import CachedClip
from vidfer.store.schema import Header

IDS_LISTED = 3
"""A message names so many ids."""

Faces = list[StoredClip]
"""All faces of a clip, the main one first. Of a part only the main face is listed, see :func:`all_faces`."""


@dataclass(frozen=True)
class Plan:
    """The way from what is there to the cache that is wanted."""

    finished: dict[str, Faces]
    """Clips that need not be read, by id."""
    todo: list[ClipToRead]
    """Clips to read, the longest first, so that no worker has a long one left at the end."""
    is_current: bool
    """Whether the cache already is what is wanted."""

    @property
    def n_clips(self) -> int:
        """Clips of the wanted cache, other faces in them not counted."""
        return len(self.finished) + len(self.todo)


def plan_build(
    clips: Sequence[ClipToRead], task: BuildTask, damaged: set[tuple[Path, str]] = frozenset()
) -> Plan:
    """Compare the clips found now with the existing cache, with parts, and with files of joined parts.

    Args:
        clips: the clips found now.
        task: what shall be there, and what may be replaced, dropped or read again for it.
        damaged: files and ids of clips that must not be taken from there.

    Raises:
        CacheError: the existing cache has other settings, or clips that are not found now, and no option
            says what to do; or a file of joined parts cannot be read.
        DataError: with ``--add``, a clip has the id of another clip of the cache.
    """
    records = {clip.id: record for clip, record in clips}
    old = _existing_cache(task, records)
    kept: dict[str, CachedClip] = {}
    if old and task.settings.add:
        _check_same_files(old, records)
        kept = {clip.id: clip for clip in old.clips if not clip.track_index and clip.id not in records}
    caches = [*_joined_caches(task.parts), *([old] if old else [])]
    stored, cut_short = _find_in_caches(caches, records | kept, damaged)
    names, retry = task.parts.names(), task.settings.retry_failed
    finished: dict[str, Faces] = {}
    todo: list[ClipToRead] = []
    for clip, record in clips:
        faces = stored.get(clip.id)
        is_whole = faces is not None and clip.id not in cut_short
        if is_whole and faces[0].path == task.out:
            finished[clip.id] = faces
            continue
        key = part_key(record)
        part, failed_part = (
            StoredClip(record, task.parts.folder / f"{key}{end}.part", 0) for end in ("", FAILED)
        )
        if part.path.name in names:  # before files of joined parts: its bytes may not have arrived there
            finished[clip.id] = [part]
        elif is_whole:
            finished[clip.id] = faces
        elif failed_part.path.name in names and not retry:
            finished[clip.id] = [failed_part]
        elif faces and not retry:
            finished[clip.id] = faces
        else:
            todo.append((clip, record))
    finished |= {clip_id: stored[clip_id] for clip_id in kept}
    todo.sort(key=lambda one: -length_of(one[1]))
    is_current = old is not None and not todo and _is_current(old, task, finished)
    if old:
        old.close()
    return Plan(finished, todo, is_current)


def all_faces(plan: Plan, header: Header) -> Iterator[StoredClip]:
    """All faces of all finished clips."""
    for faces in plan.finished.values():
        yield from faces
        main = faces[0]
        if header.crop_settings.get("face") == "all" and main.path.suffix == ".part":
            for index in range(1, _n_faces(main.path, header)):
                yield StoredClip(main.record.other_face(index), main.path, index)


def _n_faces(path: Path, header: Header) -> int:
    try:
        part = Part(path, header)
    except CacheError:
        return 1  # whoever copies the part will see that it is damaged
    part.close()
    return len(part.clips)


def _joined_caches(parts: PartsFolder) -> list[CropCache]:
    """The files in which an earlier start began to join parts, the oldest first."""
    caches = []
    for path in reversed(parts.joined_files()):
        try:
            caches.append(CropCache(path))
        except CacheError as error:
            raise CacheError(
                f"{path} holds finished clips and cannot be read ({error}); start again when the disk works, "
                f"or delete the file, and clips that are only there are read from their videos again"
            ) from error
    return caches


def _find_in_caches(
    caches: Sequence[CropCache], records: dict[str, CachedClip], damaged: set[tuple[Path, str]]
) -> tuple[dict[str, Faces], set[str]]:
    """Clips that lie in caches, by id, and ids of those that could not be read to their end.

    A later cache goes before an earlier one, but a clip that could be read goes before one that could not.
    """
    stored: dict[str, Faces] = {}
    cut_short: set[str] = set()
    for cache in caches:
        found: dict[str, Faces] = {}
        for index, clip in enumerate(cache.clips):
            record = None if clip.track_index else records.get(clip.id)
            if record and clip.video_key() == record.video_key() and (cache.path, clip.id) not in damaged:
                found[clip.id] = [StoredClip(record, cache.path, index)]
        for index, clip in enumerate(cache.clips):
            if clip.track_index and clip.main_id in found:
                record = records[clip.main_id].other_face(clip.track_index)
                found[clip.main_id].append(StoredClip(record, cache.path, index))
        for clip_id, faces in found.items():
            has_reason = bool(cache.clips[faces[0].index].reason)
            if has_reason and clip_id in stored:
                continue
            stored[clip_id] = faces
            (cut_short.add if has_reason else cut_short.discard)(clip_id)
        cache.close()
    return stored, cut_short


def _is_current(old: CropCache, task: BuildTask, finished: dict[str, Faces]) -> bool:
    """Whether the existing cache has all clips, no others, and all under their right descriptions."""
    faces = [stored for faces in finished.values() for stored in faces]
    if old.shard != task.shard or len(faces) != len(old):
        return False
    if any(stored.path != old.path for stored in faces):
        return False
    clips = [(old.clips[stored.index], stored.record) for stored in faces]
    return all(clip.described_as(record).hash == clip.hash for clip, record in clips)


def _existing_cache(task: BuildTask, records: dict[str, CachedClip]) -> CropCache | None:
    """The cache that is there now, if its clips can be used again."""
    out, settings = task.out, task.settings
    if not out.exists():
        return None
    try:
        cache = CropCache(out)
        found, clips = cache.header.shaping(), cache.clips
    except CacheError:
        if settings.overwrite:
            return None
        raise
    wanted = json.loads(canonical_json(task.header.shaping()))
    if found != wanted:
        if settings.overwrite:
            return None
        raise CacheError(
            f"{out} was made with other settings ({settings_difference(found, wanted)}); give another --out "
            f"to keep both, or --overwrite to replace it"
        )
    gone = [clip.id for clip in clips if clip.main_id not in records]
    if gone and not (settings.overwrite or settings.add):
        raise CacheError(
            f"{out} has {len(gone)} clips that are not among the {len(records)} found now (such as "
            f"'{gone[0]}'); give another --out to keep both, --add to keep these clips too, or --overwrite "
            f"to drop them"
        )
    return cache


def _check_same_files(old: CropCache, records: dict[str, CachedClip]) -> None:
    """Raise DataError when an id stands for two files. With ``--add`` data sets may use the same names."""
    mains = [clip for clip in old.clips if not clip.track_index and clip.id in records]
    differ = [clip.id for clip in mains if clip.video_key() != records[clip.id].video_key()]
    if differ:
        raise DataError(
            f"{len(differ)} clips have ids that {old.path} has for other files (such as "
            f"{', '.join(differ[:IDS_LISTED])}); make a cache of these clips alone, and join both with "
            f"`vidfer merge --prefix-ids`. If the files have changed, leave out --add to read them again"
        )
