"""Driving clips through the crops room into a cache, in such a way that nothing finished is ever lost."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from vidfer.build.header import header_of
from vidfer.build.join import DamagedClip, StoredClip, concatenate
from vidfer.build.lock import sole_writer
from vidfer.build.parts_folder import PartsFolder
from vidfer.build.plan import Plan, Wanted, everyone, plan_build
from vidfer.build.read_clips import STAGES, Reading, cores_here, read_clips
from vidfer.build.settings import BuildSettings
from vidfer.build.share_work import Others
from vidfer.build.team import Team
from vidfer.clips.clip import Clip
from vidfer.errors import VidferError
from vidfer.files import bytes_on_disk, disk_fault
from vidfer.store.reader import CropCache
from vidfer.store.records import CachedClip, record_of
from vidfer.store.shard import choose_shard, parse_shard, shard_path

if TYPE_CHECKING:
    from vidfer.crops.settings import CropSettings

Progress = Callable[[int, int], None]

MOST_ROUNDS = 5
"""A clip is read more than once only where the disk loses or spoils what was written."""


@dataclass(frozen=True, kw_only=True)
class BuildReport:
    """What building a cache came to."""

    out: Path
    """The cache; of a shard not the one that was asked for, but one beside it."""
    n_clips: int
    n_others: int
    """Other people than the main one, with ``--face all``; clips of their own, not counted in ``n_clips``."""
    n_new: int
    """Clips that were read now; the others were there from an earlier start."""
    n_without_face: int
    """Clips that were read and show no face in any frame."""
    n_frames: int
    seconds: float
    stage_s: dict[str, float]
    """Seconds spent in each stage, summed over the worker processes."""
    n_new_frames: int
    """Frames of the clips that were read now, for the speed."""
    failures: list[tuple[str, str]]
    """Id and reason of every clip that could not be read at all."""
    partly: list[tuple[str, str]]
    """Id and reason of every clip that could be read to a damaged place only."""
    content_hash: str


def build_cache(
    clips: Sequence[Clip],
    out: Path | str,
    crop_settings: CropSettings,
    build_settings: BuildSettings,
    device: str = "cpu",
    progress: Progress | None = None,
    join_progress: Progress | None = None,
    *,
    shard: str | None = None,
    team: Team | None = None,
) -> BuildReport:
    """Make a cache of clips, or bring one up to date.

    Clips that an earlier start finished are not read again: neither those in ``<out>.parts`` nor those in
    ``out``. Added clips are read, relabelled ones get their new labels. A clip that cannot be read costs a
    reason, never the run. Killed at any moment and started again, it ends in the same content, with any
    number of workers and processes.

    Args:
        clips: what shall be in the cache; ids are unique.
        out: the cache; its folder is made if need be.
        crop_settings: how faces are found and cut.
        build_settings: how crops are kept and how the work is done.
        device: where the nets run, in each worker: ``cpu``, ``cuda``, ``cuda:1``.
        progress: called with the number of clips that are ready and the number of all.
        join_progress: called with the number of clips copied into the cache and the number of all.
        shard: ``2/8`` for the second of eight shares of the clips, in a cache of its own beside ``out``.
        team: other processes, which call :func:`vidfer.build.share_work.assist` meanwhile.

    Raises:
        VidferError: for no clips, equal ids, a cache or parts of other settings, clips of an existing cache
            that are not wanted any more, another writer at work, a full disk.
    """
    out, team = Path(out), team or Team()
    if out.is_symlink():
        out = out.resolve()  # the link stays, and there is one lock
    if out.is_dir():
        raise VidferError(f"{out} is a folder; name the file to write, such as {out / 'afew.h5'}")
    records, share = _records(clips), None
    if shard:
        index, count = parse_shard(shard)
        out = shard_path(out, index, count)
        share, ids = choose_shard(list(records.values()), index, count)
        clips = [clip for clip in clips if clip.id in ids]
        records = {clip_id: records[clip_id] for clip_id in ids}
    wanted = Wanted(out, header_of(crop_settings, build_settings), records, share)
    try:
        parts = PartsFolder.beside(out)
        with sole_writer(parts.folder, out):
            try:
                reading = Reading(
                    parts=parts,
                    header=wanted.header,
                    crop_settings=crop_settings,
                    settings=build_settings,
                    device=team.device(device),
                    n_workers=build_settings.workers or cores_here(team.local_size),
                    n_cores=cores_here(team.local_size),
                )
                return _Build(clips, wanted, reading, team, progress, join_progress).run()
            finally:
                parts.remove_if_empty()
    except OSError as error:
        raise VidferError(f"cannot write {out}: {error}") from error


class _Build:
    """The work of :func:`build_cache` while it holds the lock."""

    def __init__(
        self,
        clips: Sequence[Clip],
        wanted: Wanted,
        reading: Reading,
        team: Team,
        progress: Progress | None,
        join_progress: Progress | None,
    ) -> None:
        self.clips, self.wanted, self.reading = clips, wanted, reading
        self.parts, self.settings = reading.parts, reading.settings
        self.progress, self.join_progress = progress, join_progress
        self.others = Others(team, reading, wanted.out)
        self.stage_s = dict.fromkeys(STAGES, 0.0)
        self.shown, self.rounds = -1, 0
        self.anew: set[str] = set()
        self.spoilt: set[str] = set()
        self.mended: set[str] = set()
        self.lost: set[tuple[Path, str]] = set()

    def run(self) -> BuildReport:
        begin = time.perf_counter()
        self.others.check_nobody_is_left()
        self.parts.prepare(self.wanted.header, self.settings.overwrite)
        while not (plan := self._plan()).is_current:
            self._show(len(plan.stored), plan)
            if plan.todo:
                self._read(plan)
            elif self._join(plan):
                break
        self.parts.remove()
        return self._report(time.perf_counter() - begin)

    def _plan(self) -> Plan:
        return plan_build(self.clips, self.wanted, self.parts, self.settings, self.lost)

    def _show(self, n: int, plan: Plan) -> None:
        if self.progress and n != self.shown:
            self.progress(n, len(plan.records))
            self.shown = n

    def _read(self, plan: Plan) -> None:
        """Make parts of the clips that have none."""
        self._check_room(plan)
        self.rounds += 1
        if self.rounds > MOST_ROUNDS:
            raise VidferError(f"parts vanish from {self.parts.folder} or are spoilt there; check the disk")
        self.settings = replace(self.settings, retry_failed=False)  # once is enough
        todo = [(clip, plan.records[clip.id]) for clip in plan.todo]
        self.anew.update(clip.id for clip in plan.todo)
        self.mended.update(clip.id for clip in plan.todo if clip.id in self.spoilt)
        n_here = 0

        def tick() -> None:
            self.others.look()
            self._show(len(plan.stored) + n_here + self.others.n_done, plan)

        with self.others.working_on(todo) as mine:
            for seconds in read_clips(mine, self.reading, tick):
                n_here += 1
                self._count(seconds)
                tick()
            self.others.wait(tick)
        names = {record.id: self.parts.names_of(record) for _, record in todo}
        self.others.wait_for_files(lambda there: all(there & name for name in names.values()))

    def _check_room(self, plan: Plan) -> None:
        """Clips are added to a cache by writing it anew: see before days of work that this can be done."""
        out = self.wanted.out
        if any(places[0].path == out for places in plan.stored.values()):
            free, needed = shutil.disk_usage(out.parent).free, out.stat().st_size
            needed -= sum(map(bytes_on_disk, self.parts.joined()[:1]))
            if free < needed:
                raise VidferError(
                    f"{out} has {needed / 1e9:.1f} GB and is written anew when clips are added or read "
                    f"again, but only {free / 1e9:.1f} GB are free; make room, or keep the new clips apart"
                )

    def _join(self, plan: Plan) -> bool:
        """Join all into the cache; False when damaged clips have to be read first."""
        pairs = list(everyone(plan, self.wanted.header))
        mains = {record.id: record.main_id for record, _ in pairs}
        start = time.perf_counter()
        try:
            concatenate(
                pairs,
                self.wanted.header,
                self.wanted.out,
                self.join_progress,
                shard=self.wanted.shard,
                parts=self.parts,
            )
        except DamagedClip as error:
            for clip_id, stored in sorted(error.damaged.items()):
                self._drop(mains[clip_id], stored)
            return False
        except (OSError, RuntimeError) as error:
            raise disk_fault(self.wanted.out, error) from error
        finally:
            self._count({"join": time.perf_counter() - start})
        return True

    def _drop(self, clip_id: str, stored: StoredClip) -> None:
        """Let a clip be read anew whose part is damaged, which a power cut may do: parts are not synced.

        Raises:
            VidferError: for damage that reading the clip anew does not mend: in ``out``, or in a clip that
                was read anew because it was damaged.
        """
        path, out = stored.path, self.wanted.out
        if path == out:
            raise VidferError(
                f"clip {clip_id} in {out} is damaged and cannot be taken over; nothing was changed. Mend it "
                f"with `vidfer verify --repair`, restore it from a copy, or delete it, then start again"
            )
        if clip_id in self.mended:
            raise VidferError(f"clip {clip_id} was read anew and is damaged again in {path}; check the disk")
        if self.parts.is_part(path):
            path.unlink(missing_ok=True)
        self.spoilt.add(clip_id)
        self.lost.add((path, clip_id))

    def _count(self, seconds: dict[str, float]) -> None:
        for stage, s in seconds.items():
            self.stage_s[stage] = self.stage_s.get(stage, 0.0) + s

    def _report(self, seconds: float) -> BuildReport:
        cached = CropCache(self.wanted.out)
        mains = [clip for clip in cached.clips if not clip.person]
        for stage_s in self.others.stage_s:
            self._count(stage_s)
        report = BuildReport(
            out=self.wanted.out,
            n_clips=len(mains),
            n_others=len(cached) - len(mains),
            n_new=len(self.anew),
            n_without_face=sum(bool(clip.n_frames and not clip.n_faces) for clip in mains),
            n_frames=sum(clip.n_frames for clip in mains),
            n_new_frames=sum(clip.n_frames for clip in mains if clip.id in self.anew),
            seconds=seconds,
            stage_s=self.stage_s,
            failures=[(clip.id, clip.reason) for clip in mains if clip.reason and not clip.n_frames],
            partly=[(clip.id, clip.reason) for clip in mains if clip.reason and clip.n_frames],
            content_hash=cached.content_hash,
        )
        cached.close()
        return report


def _records(clips: Sequence[Clip]) -> dict[str, CachedClip]:
    if not clips:
        raise VidferError("there are no clips to make a cache of; check --root and --src")
    records = {}
    for clip in clips:
        if clip.id in records:
            raise VidferError(f"two clips have the id '{clip.id}'; the second is {clip.path}")
        records[clip.id] = record_of(clip)
    return records
