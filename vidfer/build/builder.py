"""The work of building a cache: plan, read what is missing, join; and again, until the cache is current."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from vidfer.build.build_report import STAGES, BuildReport, report_build
from vidfer.build.build_task import BuildTask, ClipToRead
from vidfer.build.finished_parts import find_parts
from vidfer.build.join import Progress, concatenate
from vidfer.build.other_processes import OtherProcesses
from vidfer.build.parts_folder import part_key
from vidfer.build.plan_build import Plan, all_faces, plan_build
from vidfer.build.process_group import ProcessGroup
from vidfer.build.read_clips import read_clips
from vidfer.build.stored_clips import DamagedClip
from vidfer.errors import CacheError, DiskError
from vidfer.files import bytes_on_disk, disk_fault

MAX_ROUNDS = 5
"""A clip is read more than once only if the disk loses or damages what was written."""


class Builder:
    """Brings a cache up to date, and remembers what has happened on the way. The caller holds the lock.

    Args:
        clips: the clips found now.
        task: what is built, and how.
        group: the processes that build together.
        progress: called with the number of finished clips and the number of all.
        join_progress: called with the number of clips copied into the cache and the number of all.
    """

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
        """Plan, read and join until the cache is what is wanted.

        Raises:
            CacheError, DataError, DiskError: as :func:`vidfer.build.build_cache.build_cache`.
        """
        begin = time.perf_counter()
        self.others.check_none_is_left()
        self.parts.prepare(self.task.header, self.task.build_settings.overwrite)
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
        settings = replace(
            self.task.build_settings, retry_failed=False
        )  # failed clips are read again only once
        self.task = replace(self.task, build_settings=settings)
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
        keys = {part_key(record) for _, record in plan.todo}

        def are_there() -> bool:
            found = find_parts(self.parts, self.task.header)
            return all(key in found.whole or key in found.failed for key in keys)

        self.others.wait_for_files(are_there)

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
