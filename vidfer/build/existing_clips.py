"""Clips that an earlier start has finished: those of the existing cache, and of files of joined parts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from vidfer.build.build_task import BuildTask
from vidfer.build.header import settings_difference
from vidfer.build.parts_folder import PartsFolder
from vidfer.build.stored_clips import StoredClip
from vidfer.errors import CacheError, DataError
from vidfer.store.reader import CropCache
from vidfer.store.records import CachedClip

IDS_LISTED = 3
"""A message names so many ids."""

Faces = list[StoredClip]
"""All faces of a clip, the main one first. Of a clip with a part of its own only the main face is listed, see
:func:`vidfer.build.plan_build.all_faces`."""


def existing_cache(task: BuildTask, records: dict[str, CachedClip]) -> CropCache | None:
    """The cache that is there now, if its clips can be used again."""
    out, settings = task.out, task.build_settings
    if not out.exists():
        return None
    try:
        cache = CropCache(out)
        found, clips = cache.header.shaping(), cache.records
    except CacheError:
        if settings.overwrite:
            return None
        raise
    wanted = task.header.shaping()
    if found != wanted:
        if settings.overwrite:
            return None
        raise CacheError(
            f"{out} was made with other settings ({settings_difference(found, wanted)}); give another --out "
            f"to keep both, or --overwrite to replace it"
        )
    gone = [clip.id for clip in clips if clip.main_id not in records and not is_open_now(clip, records)]
    if gone and not (settings.overwrite or settings.add):
        raise CacheError(
            f"{out} has {len(gone)} clips that are not among the {len(records)} found now (such as "
            f"'{gone[0]}'); give another --out to keep both, --add to keep these clips too, or --overwrite "
            f"to drop them"
        )
    return cache


def is_open_now(clip: CachedClip, ids: Iterable[str]) -> bool:
    """Whether a clip is a folder that could not be read, and clips in it are found now."""
    is_closed = clip.reason and not clip.n_frames
    return bool(is_closed) and any(one.startswith(f"{clip.id}/") for one in ids)


def joined_caches(parts: PartsFolder) -> list[CropCache]:
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


def find_in_caches(
    caches: Sequence[CropCache], records: dict[str, CachedClip], damaged: set[tuple[Path, str]]
) -> tuple[dict[str, Faces], set[str]]:
    """Clips that lie in caches, by id, and ids of those that could not be read to their end.

    A later cache goes before an earlier one, but a clip that could be read goes before one that could not.
    """
    stored: dict[str, Faces] = {}
    cut_short: set[str] = set()
    for cache in caches:
        found: dict[str, Faces] = {}
        for index, clip in enumerate(cache.records):
            record = None if clip.track_index else records.get(clip.id)
            if record and clip.video_key() == record.video_key() and (cache.path, clip.id) not in damaged:
                found[clip.id] = [StoredClip(record, cache.path, index)]
        for index, clip in enumerate(cache.records):
            if clip.track_index and clip.main_id in found:
                record = records[clip.main_id].other_face(clip.track_index)
                found[clip.main_id].append(StoredClip(record, cache.path, index))
        for clip_id, faces in found.items():
            has_reason = bool(cache.records[faces[0].index].reason)
            if has_reason and clip_id in stored:
                continue
            stored[clip_id] = faces
            (cut_short.add if has_reason else cut_short.discard)(clip_id)
        cache.close()
    return stored, cut_short


def check_same_files(old: CropCache, records: dict[str, CachedClip]) -> None:
    """Raise DataError when an id stands for two files. With ``--add`` data sets may use the same names."""
    mains = [clip for clip in old.records if not clip.track_index and clip.id in records]
    differ = [clip.id for clip in mains if clip.video_key() != records[clip.id].video_key()]
    if differ:
        raise DataError(
            f"{len(differ)} clips have ids that {old.path} has for other files (such as "
            f"{', '.join(differ[:IDS_LISTED])}); make a cache of these clips alone, and join both with "
            f"`vidfer merge --prefix-ids`. If the files have changed, leave out --add to read them again"
        )
