"""Reading clips into parts with worker processes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from vidfer.build.parts_folder import PartsFolder, store_failure
from vidfer.build.settings import BuildSettings
from vidfer.build.workers import Job, Lost, run_jobs
from vidfer.clips.clip import Clip
from vidfer.store.records import CachedClip
from vidfer.store.schema import Header

if TYPE_CHECKING:
    from vidfer.crops.settings import CropSettings

ToRead = tuple[Clip, CachedClip]
"""A clip, and its record as it was when the work was planned."""

BYTES_PER_SECOND = 100_000
"""Of video, for the time limit: slower than the slowest clip seen, by far."""

PREPARE = "vidfer.build.worker:prepare"

STAGES = ("decode", "find", "cut", "encode", "write", "join")
"""What the time of a build is told of, in order."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How clips are read; it can be sent to other processes."""

    parts: PartsFolder
    header: Header
    crop_settings: CropSettings
    settings: BuildSettings
    device: str
    n_workers: int
    n_cores: int
    """Those that the workers may use."""


def read_clips(
    todo: Sequence[ToRead], reading: Reading, tick: Callable[[], None] = lambda: None
) -> Iterator[dict[str, float]]:
    """Write a part for each clip; yield the seconds that each stage took, as the clips end.

    A clip whose process died is read once more when the others have been.

    Args:
        todo: what to read, in this order.
        reading: how.
        tick: called about every second; what it raises stops the work.

    Raises:
        VidferError: when no clip could be read or written: no such device, a full disk.
    """
    if not todo:
        return
    limit_s = reading.settings.time_limit_s
    jobs = [Job(one, limit_s + one[1].file_size / BYTES_PER_SECOND) for one in todo]
    arguments = (
        reading.parts,
        reading.header,
        reading.crop_settings,
        reading.device,
        2 * min(reading.n_workers, len(todo)) <= reading.n_cores,  # overlapping takes a core to spare
    )
    again = []
    for position, result in run_jobs(jobs, PREPARE, arguments, reading.n_workers, tick):
        if isinstance(result, Lost) and result.died:
            again.append(position)
        else:
            yield _seconds(result, todo[position], reading)
    # One after the other: what died for want of memory has more of it now. And without decord, which may have
    # been what died.
    settings = reading.crop_settings
    if settings.reader == "auto":
        settings = replace(settings, reader="pyav")
    arguments = (*arguments[:2], settings, *arguments[3:])
    for number, result in run_jobs([jobs[position] for position in again], PREPARE, arguments, 1, tick):
        yield _seconds(result, todo[again[number]], reading)


def _seconds(result: dict[str, float] | Lost, one: ToRead, reading: Reading) -> dict[str, float]:
    """Seconds of each stage; a clip that was not read is given a part that says so."""
    if not isinstance(result, Lost):
        return result
    store_failure(reading.parts, reading.header, one[1], result.reason)
    return {}


def cores_here(n_processes: int) -> int:
    """Cores for each of ``n_processes`` processes of this machine."""
    return max(1, len(os.sched_getaffinity(0)) // n_processes)
