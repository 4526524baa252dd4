"""Reading clips into parts with worker processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from vidfer.build.build_task import BuildTask, ClipToRead
from vidfer.build.parts_folder import store_failure
from vidfer.build.workers import LostWorker, run_jobs

LIMIT_BYTES_PER_S = 100_000
"""Bytes of video for which a second is added to the time limit: far slower than the slowest clip seen."""

PREPARE = "vidfer.build.make_part:prepare"


def read_clips(
    todo: Sequence[ClipToRead], task: BuildTask, tick: Callable[[], None] = lambda: None
) -> Iterator[dict[str, float]]:
    """Write a part for each clip; yield the seconds of each stage of work as the clips end.

    A clip whose worker process died is read once more after all others.

    Args:
        todo: the clips, read in this order.
        task: how they are read, and where their parts belong.
        tick: called about every second. What it raises stops the work.

    Raises:
        VidferError: no clip could be read or written: there is no such device, or the disk is full.
    """
    if not todo:
        return
    limits_s = [task.build_settings.time_limit_s + record.file_size / LIMIT_BYTES_PER_S for _, record in todo]
    has_core_to_spare = 2 * min(task.n_workers, len(todo)) <= task.n_cores
    arguments = (task.parts, task.header, task.crop_settings, task.device, has_core_to_spare)
    again = []
    for position, result in run_jobs(todo, limits_s, PREPARE, arguments, task.n_workers, tick):
        if isinstance(result, LostWorker) and result.died:
            again.append(position)
        else:
            yield _seconds(result, todo[position], task)
    # One after the other: a worker that died for lack of memory has more of it now. And without decord, which
    # may have been what died.
    if task.crop_settings.reader == "auto":
        without_decord = replace(task.crop_settings, reader="pyav")
        arguments = (task.parts, task.header, without_decord, task.device, has_core_to_spare)
    jobs, limits_s = [todo[position] for position in again], [limits_s[position] for position in again]
    for number, result in run_jobs(jobs, limits_s, PREPARE, arguments, 1, tick):
        yield _seconds(result, jobs[number], task)


def _seconds(result: dict[str, float] | LostWorker, clip: ClipToRead, task: BuildTask) -> dict[str, float]:
    """Seconds of each stage. A clip that was not read gets a part that says so."""
    if not isinstance(result, LostWorker):
        return result
    store_failure(task.parts, task.header, clip[1], result.reason)
    return {}
