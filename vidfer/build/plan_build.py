"""What of a cache is there already, and which clips have to be read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from vidfer.build.build_task import BuildTask, ClipToRead
from vidfer.build.existing_clips import (
    Faces,
    check_same_files,
    existing_cache,
    find_in_caches,
    is_open_now,
    joined_caches,
)
from vidfer.build.finished_parts import Places, find_parts
from vidfer.build.part import Part
from vidfer.build.parts_folder import is_group, part_key
from vidfer.build.shares import length_of
from vidfer.build.stored_clips import StoredClip
from vidfer.clips.spelling import with_one_spelling
from vidfer.errors import CacheError
from vidfer.store.reader import CropCache
from vidfer.store.records import CachedClip
from vidfer.store.schema import Header


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
    old = existing_cache(task, records)
    kept: dict[str, CachedClip] = {}
    if old and task.build_settings.add:
        check_same_files(old, records)
        others = (clip for clip in old.records if not clip.track_index and clip.id not in records)
        kept = {clip.id: clip for clip in others if not is_open_now(clip, records)}
    united, _ = with_one_spelling([*records.values(), *kept.values()])
    records, kept = ({r.id: r for r in united if r.id in ids} for ids in (records, kept))
    clips = [(clip, records[clip.id]) for clip, _ in clips]
    caches = [*joined_caches(task.parts), *([old] if old else [])]
    stored, cut_short = find_in_caches(caches, records | kept, damaged)
    parts, retry = find_parts(task.parts, task.header), task.build_settings.retry_failed
    finished: dict[str, Faces] = {}
    todo: list[ClipToRead] = []
    for clip, record in clips:
        faces = stored.get(clip.id)
        is_whole = faces is not None and clip.id not in cut_short
        if is_whole and faces[0].path == task.out:
            finished[clip.id] = faces
            continue
        key = part_key(record)
        if key in parts.whole:  # before files of joined parts: its bytes may not have arrived there
            finished[clip.id] = _in_part(parts.whole[key], record)
        elif is_whole:
            finished[clip.id] = faces
        elif key in parts.failed and not retry:
            finished[clip.id] = _in_part(parts.failed[key], record)
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


def _in_part(places: Places, record: CachedClip) -> Faces:
    """The faces of a clip in a part."""
    return [
        StoredClip(record.other_face(i) if i else record, path, index)
        for i, (path, index) in enumerate(places)
    ]


def all_faces(plan: Plan, header: Header) -> Iterator[StoredClip]:
    """All faces of all finished clips."""
    for faces in plan.finished.values():
        yield from faces
        main = faces[0]
        has_own_part = main.path.suffix == ".part" and not is_group(main.path.name)
        if header.crop_settings.get("face") == "all" and has_own_part:
            for index in range(1, _n_faces(main.path, header)):
                yield StoredClip(main.record.other_face(index), main.path, index)


def _n_faces(path: Path, header: Header) -> int:
    try:
        part = Part(path, header)
    except CacheError:
        return 1  # whoever copies the part will see that it is damaged
    part.close()
    return len(part.records)


def _is_current(old: CropCache, task: BuildTask, finished: dict[str, Faces]) -> bool:
    """Whether the existing cache has all clips, no others, and all under their right descriptions."""
    faces = [stored for faces in finished.values() for stored in faces]
    if old.header.shard != task.header.shard or len(faces) != len(old):
        return False
    if any(stored.path != old.path for stored in faces):
        return False
    clips = [(old.records[stored.index], stored.record) for stored in faces]
    return all(clip.described_as(record).hash == clip.hash for clip, record in clips)
