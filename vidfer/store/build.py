"""Driving clips through the crops room into a cache, in such a way that nothing finished is ever lost."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import vidfer
from vidfer.clips.clip import Clip
from vidfer.errors import VidferError
from vidfer.store.concatenate import DamagedClip, StoredClip, concatenate
from vidfer.store.lock import sole_writer
from vidfer.store.parts_folder import PartsFolder, difference
from vidfer.store.pool import Job, Lost, run_jobs
from vidfer.store.reader import CropCache
from vidfer.store.records import CachedClip, record_of
from vidfer.store.schema import Header, canonical_json
from vidfer.store.settings import BuildSettings

if TYPE_CHECKING:
    from vidfer.crops.settings import CropSettings

__all__ = ["BuildReport", "BuildSettings", "build_cache"]

PACKAGES = ("torch", "facenet-pytorch", "opencv-python-headless", "decord", "av", "h5py", "numpy")

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

    Raises:
        VidferError: for no clips, equal ids, a cache or parts of other settings, clips of an existing cache
            that are not wanted any more, another writer at work, a full disk.
    """
    begin = time.perf_counter()
    out = Path(out)
    records = _records(clips)
    header = header_of(crop_settings, build_settings)
    parts = PartsFolder.beside(out)
    try:
        with sole_writer(parts.folder, out):
            report = _Build(clips, records, out, header, parts, build_settings).run(
                crop_settings, device, progress
            )
    except OSError as error:
        raise VidferError(f"cannot write {out}: {error}") from error
    return replace(report, seconds=time.perf_counter() - begin)


def header_of(crop_settings: CropSettings, build_settings: BuildSettings) -> Header:
    """The root attributes of a cache that is built with these settings now."""
    settings = json.loads(canonical_json(asdict(crop_settings)))
    model = Path(str(settings.get("enhance", "")))
    if model.is_file():  # the model counts, not where it lies
        settings["enhance"] = f"{model.name} {hashlib.sha256(model.read_bytes()).hexdigest()}"
    return Header(
        crop_settings=settings,
        codec=build_settings.codec,
        quality=build_settings.quality if build_settings.codec == "jpeg" else None,
        size_px=crop_settings.size_px,
        versions={"vidfer": vidfer.__version__} | {name: _version(name) for name in PACKAGES},
    )


@dataclass
class _Build:
    """One run of :func:`build_cache`, while it holds the lock."""

    clips: Sequence[Clip]
    records: dict[str, CachedClip]
    out: Path
    header: Header
    parts: PartsFolder
    settings: BuildSettings

    def run(self, crop_settings, device: str, progress) -> BuildReport:
        old = self._old_cache()
        reusable = self._reusable(old)
        self.parts.prepare(self.header, self.settings.overwrite)
        stored, todo = self._find_stored(reusable)
        if not todo and old is not None and self._is_current(old, reusable):
            self.parts.remove()
            return self._report(old, 0, {})
        stage_s = self._make_parts(todo, stored, crop_settings, device, progress)
        begin = time.perf_counter()
        pairs = [(self.records[clip_id], where) for clip_id, where in stored.items()]
        try:
            concatenate(pairs, self.header, self.out)
        except DamagedClip as error:
            raise self._damaged(error) from error
        stage_s["concatenate"] = time.perf_counter() - begin
        self.parts.remove()
        return self._report(CropCache(self.out), len(todo), stage_s)

    def _old_cache(self) -> CropCache | None:
        """The cache that ``out`` is now, if its clips can be taken over."""
        if not self.out.exists():
            return None
        try:
            cache = CropCache(self.out)
            found = cache.header.shaping()
        except VidferError:
            if self.settings.overwrite:
                return None
            raise
        wanted = json.loads(canonical_json(self.header.shaping()))
        if found != wanted:
            if self.settings.overwrite:
                return None
            raise VidferError(
                f"{self.out} was made with other settings ({difference(found, wanted)}); choose another --out to keep "
                f"both, or --overwrite to replace it"
            )
        gone = [clip.id for clip in cache.clips if clip.id not in self.records]
        if gone and not self.settings.overwrite:
            raise VidferError(
                f"{self.out} has {len(gone)} clips that are not among the {len(self.records)} found now (such as "
                f"'{gone[0]}'); choose another --out to keep both, or --overwrite to drop them"
            )
        return cache

    def _reusable(self, old: CropCache | None) -> dict[str, int]:
        """Id to index of the clips of the old cache that need not be read again."""
        return {
            clip.id: index
            for index, clip in enumerate(old.clips if old else ())
            if clip.id in self.records
            and clip.seen() == self.records[clip.id].seen()
            and not (clip.reason and self.settings.retry_failed)
        }

    def _find_stored(self, reusable: dict[str, int]) -> tuple[dict[str, StoredClip], list[Clip]]:
        """Where finished clips lie, and the clips that have to be read, largest first: so no worker ends
        late."""
        names, stored, todo = self.parts.names(), {}, []
        for clip in self.clips:
            record = self.records[clip.id]
            good, failed = (self.parts.path_of(replace(record, reason=reason)) for reason in ("", "failed"))
            if good.name in names:
                stored[clip.id] = StoredClip(good, 0)
            elif clip.id in reusable:
                stored[clip.id] = StoredClip(self.out, reusable[clip.id])
            elif failed.name in names and not self.settings.retry_failed:
                stored[clip.id] = StoredClip(failed, 0)
            else:
                todo.append(clip)
        return stored, sorted(todo, key=lambda clip: -self.records[clip.id].file_size)

    def _is_current(self, old: CropCache, reusable: dict[str, int]) -> bool:
        """Whether the old cache holds just these clips, described as they are now."""
        same = (
            clip.described_as(self.records[clip.id]).hash == clip.hash
            for clip in old.clips
            if clip.id in reusable
        )
        return len(reusable) == len(old) == len(self.records) and all(same)

    def _make_parts(
        self, todo: list[Clip], stored: dict[str, StoredClip], crop_settings, device, progress
    ) -> dict:
        stage_s = {"find": 0.0, "cut": 0.0, "keep": 0.0}
        if progress:
            progress(len(stored), len(self.records))
        if not todo:
            return stage_s
        from vidfer.store import worker  # torch, decord and OpenCV: only when there is something to read

        limit_s = self.settings.time_limit_s
        jobs = [Job(clip, limit_s + self.records[clip.id].file_size / BYTES_PER_SECOND) for clip in todo]
        arguments = (self.parts, self.header, crop_settings, device)
        n_workers = self.settings.workers or len(os.sched_getaffinity(0))
        for position, result in run_jobs(jobs, worker.prepare, arguments, n_workers):
            clip_id = todo[position].id
            if isinstance(result, Lost):
                record = worker.store_failure(self.parts, self.header, self.records[clip_id], result.reason)
            else:
                record = result.record
                stage_s["find"] += result.find_s
                stage_s["cut"] += result.cut_s
                stage_s["keep"] += result.keep_s
            stored[clip_id] = StoredClip(self.parts.path_of(record), 0)
            if progress:
                progress(len(stored), len(self.records))
        return stage_s

    def _damaged(self, error: DamagedClip) -> VidferError:
        if error.stored.path == self.out:
            return VidferError(
                f"{error}, so its crops cannot be taken over; nothing was changed. Delete {self.out} or restore it "
                f"from a copy, then start again"
            )
        error.stored.path.unlink()
        return VidferError(f"{error}; it was removed. Start again: this clip alone will be read anew")

    def _report(self, cache: CropCache, n_new: int, stage_s: dict[str, float]) -> BuildReport:
        clips = cache.clips
        failures = [(clip.id, clip.reason) for clip in clips if clip.reason]
        return BuildReport(
            n_clips=len(clips),
            n_new=n_new,
            n_failed=len(failures),
            n_without_face=sum(not clip.reason and not clip.n_faces for clip in clips),
            n_frames=sum(clip.n_frames for clip in clips),
            seconds=0.0,
            stage_s=stage_s,
            failures=failures,
            content_hash=cache.content_hash,
        )


def _records(clips: Sequence[Clip]) -> dict[str, CachedClip]:
    if not clips:
        raise VidferError("there are no clips to make a cache of; check --root and --src")
    records = {}
    for clip in clips:
        if clip.id in records:
            raise VidferError(f"two clips have the id '{clip.id}'; the second is {clip.path}")
        records[clip.id] = record_of(clip)
    return records


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "unknown"
