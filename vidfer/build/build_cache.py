"""Building a cache from clips, in such a way that nothing finished is ever lost."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from vidfer.build.build_report import STAGES, BuildReport, report_build
from vidfer.build.header import header_of
from vidfer.build.join import concatenate
from vidfer.build.lock import sole_writer
from vidfer.build.plan import Plan, all_faces, plan_build
from vidfer.build.processes import ProcessGroup
from vidfer.build.read_clips import read_clips
from vidfer.build.settings import BuildSettings
from vidfer.build.shards import choose_shard, parse_shard, shard_path
from vidfer.build.share_work import OtherProcesses
from vidfer.build.stored_clips import DamagedClip
from vidfer.build.task import BuildTask, ClipToRead, cores_per_process
from vidfer.clips.clip import Clip
from vidfer.crops.settings import CropSettings
from vidfer.errors import CacheError, DataError, DiskError
from vidfer.files import bytes_on_disk, disk_fault
from vidfer.store.records import record_of

Progress = Callable[[int, int], None]

MAX_ROUNDS = 5
"""A clip is read more than once only if the disk loses or damages what was written."""


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
    group: ProcessGroup | None = None,
) -> BuildReport:
    """Make a cache of clips, or bring an existing one up to date.

    Clips that an earlier start has finished are not read again, whether they lie in ``<out>.parts`` or in
    ``out``. New clips are read; clips with another label get that label. A clip that cannot be read is kept
    with a reason and never stops the run. A build that is killed at any moment and started again ends in the
    same content, with any number of workers and processes.

    Args:
        clips: what the cache shall hold. Ids are unique.
        out: the cache. Its folder is made if needed.
        crop_settings: how faces are found and cut.
        build_settings: how crops are stored and how the work is done.
        device: where the nets run, in each worker: ``cpu``, ``cuda``, ``cuda:1``.
        progress: called with the number of finished clips and the number of all.
        join_progress: called with the number of clips copied into the cache and the number of all.
        shard: ``2/8`` makes the second of eight shares of the clips, in a cache of its own beside ``out``.
        group: the processes that build together. The others call
            :func:`vidfer.build.share_work.read_share`.

    Raises:
        DataError: there are no clips, or two have the same id.
        CacheError: the cache or the parts that are there have other settings; the cache has clips that are
            not found now; another process writes it; or a process of the group has failed.
        DiskError: the disk is full, or ``out`` cannot be written.
    """
    out, group = Path(out), group or ProcessGroup()
    if out.is_symlink():
        out = out.resolve()  # the link stays; and however the cache is named, there is one lock
    if out.is_dir():
        raise DiskError(f"{out} is a folder; name the file to write, such as {out / 'afew.h5'}")
    todo, share = _with_records(clips), None
    if shard:
        index, count = parse_shard(shard)
        out = shard_path(out, index, count)
        share, ids = choose_shard([record for _, record in todo], index, count)
        todo = [(clip, record) for clip, record in todo if clip.id in ids]
    n_cores = cores_per_process(group.local_size)
    task = BuildTask(
        out=out,
        header=header_of(crop_settings, build_settings),
        crop_settings=crop_settings,
        settings=build_settings,
        shard=share,
        device=group.device(device),
        n_workers=build_settings.workers or n_cores,
        n_cores=n_cores,
    )
    try:
        with sole_writer(task.parts.folder, out):
            try:
                return _Build(todo, task, group, progress, join_progress).run()
            finally:
                task.parts.remove_if_empty()
    except OSError as error:
        raise DiskError(f"cannot write {out}: {error}; give another --out") from error


class _Build:
    """The work of :func:`build_cache` while it holds the lock, and what it has to remember."""

    def __init__(
        self,
        clips: Sequence[ClipToRead],
        task: BuildTask,
        group: ProcessGroup,
        progress: Progress | None,
        join_progress: Progress | None,
    ) -> None:
        self.clips, self.task, self.parts = clips, task, task.parts
        self.progress, self.join_progress = progress, join_progress
        self.others = OtherProcesses(group, task)
        self.stage_s = dict.fromkeys(STAGES, 0.0)
        self.n_shown, self.n_rounds = -1, 0
        self.new_ids: set[str] = set()
        self.damaged: set[tuple[Path, str]] = set()
        """Files, and ids of clips that must be read again because their bytes there are damaged."""
        self.read_twice: set[str] = set()
        """Clips that were damaged and have been read again."""

    def run(self) -> BuildReport:
        begin = time.perf_counter()
        self.others.check_none_is_left()
        self.parts.prepare(self.task.header, self.task.settings.overwrite)
        while not (plan := plan_build(self.clips, self.task, self.damaged)).is_current:
            self._show(len(plan.finished), plan)
            if plan.todo:
                self._read(plan)
            elif self._join(plan):
                break
        self.parts.remove()
        for stage_s in self.others.stage_s:
            self._add_seconds(stage_s)
        return report_build(self.task.out, self.new_ids, time.perf_counter() - begin, self.stage_s)

    def _show(self, n: int, plan: Plan) -> None:
        if self.progress and n != self.n_shown:
            self.progress(n, plan.n_clips)
            self.n_shown = n

    def _read(self, plan: Plan) -> None:
        """Make parts of the clips that have none."""
        self._check_free_space(plan)
        self.n_rounds += 1
        if self.n_rounds > MAX_ROUNDS:
            raise DiskError(f"parts in {self.parts.folder} vanish or are damaged again; check the disk")
        settings = replace(self.task.settings, retry_failed=False)  # failed clips are read again only once
        self.task = replace(self.task, settings=settings)
        ids = {clip.id for clip, _ in plan.todo}
        self.new_ids |= ids
        self.read_twice |= ids & {clip_id for _, clip_id in self.damaged}
        n_here = 0

        def tick() -> None:
            self.others.poll()
            self._show(len(plan.finished) + n_here + self.others.n_done, plan)

        with self.others.reading(plan.todo) as own_share:
            for seconds in read_clips(own_share, self.task, tick):
                n_here += 1
                self._add_seconds(seconds)
                tick()
            self.others.wait(tick)
        names = [self.parts.names_of(record) for _, record in plan.todo]
        self.others.wait_for_files(lambda there: all(there & name for name in names))

    def _check_free_space(self, plan: Plan) -> None:
        """A cache that gets more clips is written anew. Check that this is possible before days of work."""
        out = self.task.out
        if any(faces[0].path == out for faces in plan.finished.values()):
            free, needed = shutil.disk_usage(out.parent).free, out.stat().st_size
            needed -= sum(map(bytes_on_disk, self.parts.joined_files()[:1]))
            if free < needed:
                raise DiskError(
                    f"{out} has {needed / 1e9:.1f} GB and is written anew when clips are added or read "
                    f"again, but only {free / 1e9:.1f} GB are free; free some space, or give another --out "
                    f"for the new clips"
                )

    def _join(self, plan: Plan) -> bool:
        """Join all clips into the cache. False when some are damaged and must be read first."""
        clips = list(all_faces(plan, self.task.header))
        main_ids = {stored.record.id: stored.record.main_id for stored in clips}
        begin = time.perf_counter()
        try:
            concatenate(
                clips,
                self.task.header,
                self.task.out,
                self.join_progress,
                shard=self.task.shard,
                parts=self.parts,
            )
        except DamagedClip as error:
            for clip_id, stored in sorted(error.damaged.items(), key=lambda item: item[0]):
                self._read_again(main_ids[clip_id], stored.path)
            return False
        except (OSError, RuntimeError) as error:
            raise disk_fault(self.task.out, error) from error
        finally:
            self._add_seconds({"join": time.perf_counter() - begin})
        return True

    def _read_again(self, clip_id: str, path: Path) -> None:
        """Let a damaged clip be read again. A power cut may damage parts, because they are not synced.

        Raises:
            CacheError: the clip lies in ``out``: reading it again would not repair that file.
            DiskError: the clip has been read again already.
        """
        if path == self.task.out:
            raise CacheError(
                f"clip {clip_id} in {path} is damaged, and nothing was changed; repair it with "
                f"`vidfer verify {path} --repair`, restore it from a copy, or delete it, then start again"
            )
        if clip_id in self.read_twice:
            raise DiskError(f"clip {clip_id} was read again and is damaged again in {path}; check the disk")
        if self.parts.is_part(path):
            path.unlink(missing_ok=True)
        self.damaged.add((path, clip_id))

    def _add_seconds(self, seconds: dict[str, float]) -> None:
        for stage, s in seconds.items():
            self.stage_s[stage] = self.stage_s.get(stage, 0.0) + s


def _with_records(clips: Sequence[Clip]) -> list[ClipToRead]:
    if not clips:
        raise DataError("there are no clips to make a cache of; check --root and --src")
    paths: dict[str, Path] = {}
    for clip in clips:
        if clip.id in paths:
            raise DataError(
                f"two clips have the id '{clip.id}': {paths[clip.id]} and {clip.path}; rename one of them"
            )
        paths[clip.id] = clip.path
    return [(clip, record_of(clip)) for clip in clips]
