"""Making damaged clips of a cache again from their videos."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from vidfer.build.build_cache import build_cache
from vidfer.build.header import header_of
from vidfer.build.join import StoredClip, concatenate
from vidfer.build.new_cache import writing
from vidfer.build.parts_folder import difference
from vidfer.build.settings import BuildSettings
from vidfer.build.verify import CONTENT, UNREADABLE, Fault, record_faults
from vidfer.clips.clip import Clip
from vidfer.crops.settings import CropSettings
from vidfer.errors import VidferError
from vidfer.store.reader import CropCache
from vidfer.store.records import CachedClip

ANEW = "restore it from a copy, or make it again with `vidfer cache --overwrite`"


@dataclass(frozen=True)
class Repaired:
    """What a repair came to."""

    ids: list[str]
    """The clips that were made again."""
    as_before: bool
    """Whether the content is what it was before the damage; otherwise videos or libraries have changed."""
    content_hash: str


def repair_cache(
    path: Path,
    faults: Sequence[Fault],
    clips: Sequence[Clip],
    *,
    enhance: Path | None = None,
    workers: int | None = None,
    device: str = "cpu",
    progress: Callable[[int, int], None] | None = None,
    join_progress: Callable[[int, int], None] | None = None,
) -> Repaired:
    """Make the damaged clips of a cache again; all others are copied byte for byte, and checked on the way.

    A clip keeps its label, subject and split unless it is its record that is damaged. Remarks that are
    damaged, such as versions, stay as they are now. The cache is replaced when the new one is complete;
    stopped before, the same call goes on from the clips that are ready.

    Args:
        path: the cache.
        faults: what :func:`vidfer.build.verify.verify_cache` has found in it.
        clips: the clips of its data set, with videos.
        enhance: the ONNX model that the crops were made with, if they were.
        workers: processes that read videos; one per core when not given.
        device: where the nets run.
        progress: called with the number of clips that are ready and the number of all to make again.
        join_progress: called with the number of clips copied into the new cache and the number of all.

    Raises:
        VidferError: for damage to what is no clip's, a clip that is not among ``clips`` or cannot be read any
            more, other settings than this vidfer has, and what keeps the cache from being written.
    """
    cache, target = CropCache(path), path.resolve()  # a link to the cache stays one
    try:
        whole = record_faults(cache)[1]
    except VidferError as error:
        raise VidferError(f"{path}: {UNREADABLE}, and so not repaired; {ANEW}") from error
    damaged = {fault.position for fault in faults if fault.position is not None}
    if not damaged and any(fault.what == CONTENT for fault in whole):
        raise VidferError(f"{path} is damaged in what is no clip's: {CONTENT}; {ANEW}")
    wanted = {position: _clip_for(cache, position, clips) for position in sorted(damaged)}
    again = target.with_name(target.name + ".repair.h5")
    with writing(target):
        pairs = [
            (clip, StoredClip(path, position))
            for position, clip in enumerate(cache.clips)
            if position not in damaged
        ]
        if wanted:
            settings, build = _settings(cache, enhance, workers)
            different = list({clip.id: clip for clip in wanted.values()}.values())  # of several people one
            build_cache(different, again, settings, build, device=device, progress=progress)
            made = CropCache(again)
            made.close()
            for position, clip in wanted.items():
                old = cache.clips[position]
                index = _made_for(old, clip, made, path)
                described = old if old.fingerprint() == old.hash else made.clips[index]
                pairs.append((described, StoredClip(again, index)))
        before = cache.content_hash
        content = concatenate(pairs, cache.header, target, join_progress, shard=cache.shard)
        again.unlink(missing_ok=True)
    return Repaired(sorted(clip.id for clip in wanted.values()), content == before, content)


def _settings(
    cache: CropCache, enhance: Path | None, workers: int | None
) -> tuple[CropSettings, BuildSettings]:
    """The settings with which the cache was made, for making clips of it again."""
    header = cache.header
    values = {name: tuple(v) if isinstance(v, list) else v for name, v in header.crop_settings.items()}
    if enhance is not None:
        values["enhance"] = str(enhance)
    elif " " in values.get("enhance", ""):  # the name and the hash of a model
        name = values["enhance"].split()[0]
        raise VidferError(f"{cache.path} was made with the model {name}; say where it is with --enhance")
    try:
        settings = CropSettings(**values)
    except TypeError as error:
        raise VidferError(
            f"{cache.path} was made with settings that this vidfer does not have ({error}); repair it with "
            f"the vidfer that made it, or make it again with `vidfer cache --overwrite`"
        ) from error
    build = BuildSettings(codec=header.codec, quality=header.quality, workers=workers, overwrite=True)
    now = header_of(settings, build).shaping()
    if now != header.shaping():
        raise VidferError(
            f"{cache.path} cannot be repaired with these settings ({difference(header.shaping(), now)}); "
            f"make it again with `vidfer cache --overwrite`"
        )
    return settings, build


def _clip_for(cache: CropCache, position: int, clips: Sequence[Clip]) -> Clip:
    """The clip of the data set that a damaged clip was; its id may be what is damaged."""
    by_id = {clip.id: clip for clip in clips}
    found = cache.clips[position]
    for name in (found.id, found.main_id):
        if name in by_id:
            return by_id[name]
    # Merging may have put a prefix before its id.
    span = (found.start_s, found.end_s, found.box_hint)
    same = [c for c in clips if f"/{c.path.as_posix()}".endswith(f"/{found.path}")]
    same = [c for c in same if (c.start_s, c.end_s, c.box_hint) == span]
    if len(same) == 1:
        return same[0]
    # Clips are sorted by id: the right one lies between its neighbours, and is not in the cache otherwise.
    ids = sorted(by_id)
    low = bisect_right(ids, cache.clips[position - 1].id) if position else 0
    high = bisect_left(ids, cache.clips[position + 1].id) if position + 1 < len(cache) else len(ids)
    if high - low == 1:
        return by_id[ids[low]]
    raise VidferError(
        f"the damaged clip '{found.id}' is not among the {len(clips)} clips found; give the --src and --root "
        f"with which {cache.path} was made, or take the clip out with `vidfer remove`"
    )


def _made_for(old: CachedClip, clip: Clip, made: CropCache, path: Path) -> int:
    """Where a damaged clip has been made again."""
    position = {record.id: index for index, record in enumerate(made.clips)}
    main = made.clips[position[clip.id]]
    index = position.get(main.other_person(old.person).id if old.person else main.id, position[clip.id])
    record = made.clips[index]
    if record.reason and not record.n_frames and not old.reason:
        raise VidferError(
            f"the video of the damaged clip '{record.id}' cannot be read any more: {record.reason}; {path} "
            f"is as it was. Restore {clip.path}, or take the clip out with `vidfer remove`"
        )
    return index
