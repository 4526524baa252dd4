"""Making damaged clips of a cache again from their videos."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from vidfer.build.build_cache import build_cache
from vidfer.build.header import header_of, settings_difference
from vidfer.build.join import Progress, concatenate
from vidfer.build.rewrite_cache import writing
from vidfer.build.settings import BuildSettings
from vidfer.build.stored_clips import StoredClip
from vidfer.clips.clip import Clip
from vidfer.crops.settings import CropSettings
from vidfer.errors import CacheError, DataError, SettingError
from vidfer.names import Ids, id_key
from vidfer.store.reader import CropCache
from vidfer.store.records import CachedClip
from vidfer.store.verify import CONTENT, UNREADABLE, Fault, record_faults

REMEDY = "restore it from a copy, or make it again with `vidfer cache --overwrite`"


@dataclass(frozen=True)
class RepairReport:
    """What a repair came to."""

    ids: list[str]
    """The clips that were made again."""
    as_before: bool
    """Whether the content is what it was before the damage. If not, videos or libraries have changed."""
    content_hash: str


def repair_cache(
    path: Path,
    faults: Sequence[Fault],
    clips: Sequence[Clip],
    *,
    enhance: Path | None = None,
    workers: int | None = None,
    device: str = "cpu",
    progress: Progress | None = None,
    join_progress: Progress | None = None,
) -> RepairReport:
    """Make the damaged clips of a cache again. All others are copied byte for byte, and checked on the way.

    A clip keeps its label, subject and split, unless the damage is in its record. Damaged versions, reasons
    and file sizes stay as they are now, and count as right from then on. The cache is replaced when the new
    one is complete. If the work is stopped before, the same call continues with the clips that are ready.

    Args:
        path: the cache.
        faults: what :func:`vidfer.store.verify.verify_cache` has found in it.
        clips: the clips of its data set, with videos.
        enhance: the ONNX model, if the crops were made with one.
        workers: processes that read videos; by default one per core.
        device: where the nets run.
        progress: called with the number of clips that are ready and the number of all to make again.
        join_progress: called with the number of clips copied into the new cache and the number of all.

    Raises:
        CacheError: the damage is not in a clip but in the settings or the clip table; or this vidfer does not
            have the settings of the cache.
        DataError: a damaged clip is not among ``clips``, or its video cannot be read any more.
        SettingError: the cache was made with a model, and ``enhance`` is not given.
        DiskError: the disk is full, or the cache cannot be written.
    """
    cache, target = CropCache(path), path.resolve()  # a link to the cache stays one
    try:
        whole = record_faults(cache)[1]
    except CacheError as error:
        raise CacheError(f"{path} cannot be repaired: {UNREADABLE}; {REMEDY}") from error
    damaged = {fault.position for fault in faults if fault.position is not None}
    if not damaged and any(fault.what == CONTENT for fault in whole):
        raise CacheError(f"{path} cannot be repaired from videos: {CONTENT}; {REMEDY}")
    wanted = {position: _clip_for(cache, position, clips) for position in sorted(damaged)}
    again = target.with_name(target.name + ".repair.h5")
    with writing(target):
        stored = [
            StoredClip(clip, path, position)
            for position, clip in enumerate(cache.records)
            if position not in damaged
        ]
        if wanted:
            settings, build = _settings(cache, enhance, workers)
            to_read = list({clip.id: clip for clip in wanted.values()}.values())  # once for all its faces
            build_cache(to_read, again, settings, build, device=device, progress=progress)
            made = CropCache(again)
            made.close()
            for position, clip in wanted.items():
                old = cache.records[position]
                index = _made_for(old, clip, made, path)
                described = old if old.fingerprint() == old.hash else made.records[index]
                stored.append(StoredClip(described, again, index))
        before = cache.content_hash
        content = concatenate(stored, cache.header, target, join_progress)
        again.unlink(missing_ok=True)
    return RepairReport(sorted(clip.id for clip in wanted.values()), content == before, content)


def _settings(
    cache: CropCache, enhance: Path | None, workers: int | None
) -> tuple[CropSettings, BuildSettings]:
    """The settings with which the cache was made, to make clips of it again."""
    header = cache.header
    values = {name: tuple(v) if isinstance(v, list) else v for name, v in header.crop_settings.items()}
    if enhance is not None:
        values["enhance"] = str(enhance)
    elif " " in values.get("enhance", ""):  # the name and the hash of a model
        name = values["enhance"].split()[0]
        raise SettingError(f"{cache.path} was made with the model {name}; name its file with --enhance")
    try:
        settings = CropSettings(**values)
    except TypeError as error:
        raise CacheError(
            f"{cache.path} was made with settings that this vidfer does not have ({error}); repair it with "
            f"the vidfer that made it, or make it again with `vidfer cache --overwrite`"
        ) from error
    build = BuildSettings(codec=header.codec, quality=header.quality, workers=workers, overwrite=True)
    now = header_of(settings, build).shaping()
    if now != header.shaping():
        raise CacheError(
            f"{cache.path} cannot be repaired with these settings "
            f"({settings_difference(header.shaping(), now)}); make it again with `vidfer cache --overwrite`"
        )
    return settings, build


def _clip_for(cache: CropCache, position: int, clips: Sequence[Clip]) -> Clip:
    """The clip of the data set that a damaged clip was made of. Its id may be what is damaged."""
    by_id, ids = {clip.id: clip for clip in clips}, Ids(clip.id for clip in clips)
    found = cache.records[position]
    for name in (found.id, found.main_id):
        place = ids.place(name)
        if place is not None:
            return clips[place]
    # Merging may have put a prefix before its id.
    span = (found.start_s, found.end_s, found.box_hint)
    same = [c for c in clips if id_key(f"/{c.path.as_posix()}").endswith(id_key(f"/{found.path}"))]
    same = [c for c in same if (c.start_s, c.end_s, c.box_hint) == span]
    if len(same) == 1:
        return same[0]
    # Clips are sorted by id: the right one lies between its neighbours, and is not in the cache otherwise.
    names = sorted(by_id)
    low = bisect_right(names, cache.records[position - 1].id) if position else 0
    high = bisect_left(names, cache.records[position + 1].id) if position + 1 < len(cache) else len(names)
    if high - low == 1:
        return by_id[names[low]]
    raise DataError(
        f"the damaged clip '{found.id}' is not among the {len(clips)} clips found; give the --src and --root "
        f"with which {cache.path} was made, or drop the clip with `vidfer export --drop`"
    )


def _made_for(old: CachedClip, clip: Clip, made: CropCache, path: Path) -> int:
    """The position of a damaged clip in the cache of clips that were made again."""
    position = {record.id: index for index, record in enumerate(made.records)}
    main = made.records[position[clip.id]]
    index = position.get(
        main.other_face(old.track_index).id if old.track_index else main.id, position[clip.id]
    )
    record = made.records[index]
    if record.reason and not record.n_frames and not old.reason:
        raise DataError(
            f"the video of the damaged clip '{record.id}' cannot be read any more: {record.reason}; {path} "
            f"is as it was. Restore {clip.path}, or drop the clip with `vidfer export --drop`"
        )
    return index
