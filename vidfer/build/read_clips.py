"""Reading clips into parts with worker processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from vidfer.build.build_task import BuildTask, ClipToRead
from vidfer.build.group_clips import group_clips
from vidfer.build.parts_folder import store_failure
from vidfer.workers import LostWorker, run_jobs

LIMIT_BYTES_PER_S = 100_000
"""Bytes of video for which a second is added to the time limit: far slower than the slowest clip seen."""

PREPARE = "vidfer.build.make_part:prepare"


def read_clips(
    todo: Sequence[ClipToRead], task: BuildTask, tick: Callable[[], None] = lambda: None
) -> Iterator[dict[str, float]]:
    """Write a part for each clip; yield the seconds of each stage of work as the clips end.

    Small pictures are read in groups. A clip whose worker process died is read once more after all others.

    Args:
        todo: the clips, read in this order.
        task: how they are read, and where their parts belong.
        tick: called about every second. What it raises stops the work.

    Raises:
        VidferError: no clip could be read or written: there is no such device, or the disk is full.
    """
    again: list[ClipToRead] = []
    alone: list[ClipToRead] = []
    jobs = group_clips(todo, task.n_workers)
    yield from _read(jobs, task, task.n_workers, tick, lost=again, lost_groups=alone)
    # A worker that died or took too long with a group shows with each clip alone which one it is.
    yield from _read([[one] for one in alone], task, task.n_workers, tick, lost=again, lost_groups=alone)
    # One after the other: a worker that died for lack of memory has more of it now. And without decord, which
    # may have been what died.
    if task.crop_settings.reader == "auto":
        task = replace(task, crop_settings=replace(task.crop_settings, reader="pyav"))
    yield from _read([[one] for one in again], task, 1, tick)


def _read(
    jobs: Sequence[list[ClipToRead]],
    task: BuildTask,
    n_workers: int,
    tick: Callable[[], None],
    lost: list[ClipToRead] | None = None,
    lost_groups: list[ClipToRead] | None = None,
) -> Iterator[dict[str, float]]:
    """Do jobs of one or several clips. Clips whose worker died go to ``lost``, if it is given, and those of
    groups whose worker was lost to ``lost_groups``; the others get parts."""
    if not jobs:
        return
    limits_s = [
        task.build_settings.time_limit_s + sum(record.file_size for _, record in job) / LIMIT_BYTES_PER_S
        for job in jobs
    ]
    has_core_to_spare = 2 * min(n_workers, len(jobs)) <= task.n_cores
    arguments = (task.parts, task.header, task.crop_settings, task.device, has_core_to_spare)
    for position, result in run_jobs(jobs, limits_s, PREPARE, arguments, n_workers, tick):
        job = jobs[position]
        if not isinstance(result, LostWorker):
            yield result
            yield from ({} for _ in job[1:])
        elif len(job) > 1:
            lost_groups += job
        elif result.died and lost is not None:
            lost += job
        else:
            store_failure(task.parts, task.header, job[0][1], result.reason)
            yield {}
