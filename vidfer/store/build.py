"""Driving clips through the crops room into a cache, in such a way that nothing finished is ever lost."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vidfer.clips.clip import Clip
from vidfer.errors import VidferError
from vidfer.store.concatenate import DamagedClip, StoredClip, concatenate, damaged_among
from vidfer.store.durable import disk_fault
from vidfer.store.header import header_of
from vidfer.store.lock import sole_writer
from vidfer.store.parts_folder import PartsFolder
from vidfer.store.plan import plan_build
from vidfer.store.pool import Job, Lost, run_jobs
from vidfer.store.reader import CropCache
from vidfer.store.records import CachedClip, record_of
from vidfer.store.schema import Header
from vidfer.store.settings import BuildSettings

if TYPE_CHECKING:
    from vidfer.crops.settings import CropSettings

__all__ = ["BuildReport", "BuildSettings", "build_cache"]

BYTES_PER_SECOND = 100_000
"""Of video, for the time limit: slower than the slowest clip seen, by far."""


@dataclass(frozen=True, kw_only=True)
class BuildReport:
    """What building a cache came to."""

    n_clips: int
    n_new: int
    """Clips that were read now; the others were there from an earlier start."""
    n_failed: int
    n_without_face: int
    """Clips that were read and show no face in any frame."""
    n_frames: int
    seconds: float
    stage_s: dict[str, float]
    """Seconds spent in each stage, summed over the worker processes."""
    failures: list[tuple[str, str]]
    """Id and reason of every clip that could not be read."""
    content_hash: str


def build_cache(
    clips: Sequence[Clip],
    out: Path | str,
    crop_settings: CropSettings,
    build_settings: BuildSettings,
    device: str = "cpu",
    progress: Callable[[int, int], None] | None = None,
    join_progress: Callable[[int, int], None] | None = None,
) -> BuildReport:
    """Make a cache of clips, or bring one up to date.

    Clips that an earlier start finished are not read again: neither those in ``<out>.parts`` nor those in
    ``out``. Added clips are read, relabelled ones get their new labels. A clip that cannot be read costs a
    reason, never the run. Killed at any moment and started again, it ends in the same content, with any
    number of workers.

    Args:
        clips: what shall be in the cache; ids are unique.
        out: the cache; its folder is made if need be.
        crop_settings: how faces are found and cut.
        build_settings: how crops are kept and how the work is done.
        device: where the nets run, in each worker: ``cpu``, ``cuda``, ``cuda:1``.
        progress: called with the number of clips that are ready and the number of all.
        join_progress: called with the number of clips copied into the cache and the number of all.

    Raises:
        VidferError: for no clips, equal ids, a cache or parts of other settings, clips of an existing cache
            that are not wanted any more, another writer at work, a full disk.
    """
    out = Path(out)
    if out.is_dir():
        raise VidferError(f"{out} is a folder; name the file to write, such as {out / 'afew.h5'}")
    try:
        parts = PartsFolder.beside(out)
        with sole_writer(parts.folder, out):
            try:
                return _build(
                    clips, out, parts, crop_settings, build_settings, device, progress, join_progress
                )
            finally:
                parts.remove_if_empty()
    except OSError as error:
        raise VidferError(f"cannot write {out}: {error}") from error


def _build(
    clips: Sequence[Clip],
    out: Path,
    parts: PartsFolder,
    crop_settings: CropSettings,
    settings: BuildSettings,
    device: str,
    progress: Callable[[int, int], None] | None,
    join_progress: Callable[[int, int], None] | None,
) -> BuildReport:
    """The work of :func:`build_cache` while it holds the lock."""
    begin = time.perf_counter()
    records = _records(clips)
    header = header_of(crop_settings, settings)
    parts.prepare(header, settings.overwrite)
    plan = plan_build(clips, records, out, header, parts, settings)
    stage_s = {"find": 0.0, "cut": 0.0, "keep": 0.0, "concatenate": 0.0}
    stored, todo, anew = dict(plan.stored), plan.todo, set()
    finished = plan.is_current
    while not finished:
        if progress:
            progress(len(stored), len(clips))
        for record, done in _read_clips(todo, records, header, parts, crop_settings, settings, device):
            stored[record.id] = StoredClip(parts.path_of(record), 0)
            for stage in ("find", "cut", "keep"):
                stage_s[stage] += getattr(done, f"{stage}_s", 0.0)
            if progress:
                progress(len(stored), len(clips))
        pairs = [(records[clip_id], where) for clip_id, where in stored.items()]
        start = time.perf_counter()
        try:
            concatenate(pairs, header, out, join_progress)
            finished = True
        except DamagedClip:
            damaged = damaged_among(pairs, header)
            if not damaged:
                raise
            _drop(damaged, anew, stored, out)
            todo = [clip for clip in clips if clip.id in damaged]
            anew |= damaged
        except (OSError, RuntimeError) as error:
            raise disk_fault(out, error) from error
        stage_s["concatenate"] += time.perf_counter() - start
    parts.remove()
    cached = CropCache(out)
    failures = [(clip.id, clip.reason) for clip in cached.clips if clip.reason]
    return BuildReport(
        n_clips=len(cached),
        n_new=len(anew.union(clip.id for clip in plan.todo)),
        n_failed=len(failures),
        n_without_face=sum(not clip.reason and not clip.n_faces for clip in cached.clips),
        n_frames=sum(clip.n_frames for clip in cached.clips),
        seconds=time.perf_counter() - begin,
        stage_s=stage_s,
        failures=failures,
        content_hash=cached.content_hash,
    )


def _read_clips(
    todo: Sequence[Clip],
    records: dict[str, CachedClip],
    header: Header,
    parts: PartsFolder,
    crop_settings: CropSettings,
    settings: BuildSettings,
    device: str,
) -> Iterator[tuple[CachedClip, Any]]:
    """Write a part for each clip; yield its record and what the worker says, as they end."""
    if not todo:
        return
    from vidfer.store import worker  # torch, decord and OpenCV: only when there is something to read

    jobs = [Job(clip, settings.time_limit_s + records[clip.id].file_size / BYTES_PER_SECOND) for clip in todo]
    n_workers = settings.workers or len(os.sched_getaffinity(0))
    for position, result in run_jobs(jobs, worker.prepare, (parts, header, crop_settings, device), n_workers):
        if isinstance(result, Lost):
            record = records[todo[position].id]
            yield worker.store_failure(parts, header, record, result.reason), result
        else:
            yield result.record, result


def _drop(damaged: set[str], anew: set[str], stored: dict[str, StoredClip], out: Path) -> None:
    """Remove the damaged parts, which a power cut may have left: parts are not synced to disk.

    Raises:
        VidferError: for damage that reading the clip anew does not mend: in ``out``, or in clips that were
            read anew before.
    """
    for clip_id in sorted(damaged):
        path = stored[clip_id].path
        if path == out:
            raise VidferError(
                f"clip {clip_id} in {out} is damaged and cannot be taken over; nothing was changed. Restore "
                f"{out} from a copy, or delete it, then start again"
            )
        if clip_id in anew:
            raise VidferError(f"clip {clip_id} was read anew and is damaged again in {path}; check the disk")
        path.unlink(missing_ok=True)
        del stored[clip_id]


def _records(clips: Sequence[Clip]) -> dict[str, CachedClip]:
    if not clips:
        raise VidferError("there are no clips to make a cache of; check --root and --src")
    records = {}
    for clip in clips:
        if clip.id in records:
            raise VidferError(f"two clips have the id '{clip.id}'; the second is {clip.path}")
        records[clip.id] = record_of(clip)
    return records
