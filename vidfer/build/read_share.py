"""The other processes of several: each reads the share of the clips that the main process gives it."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import replace

from vidfer.build.build_task import BuildTask, ClipToRead, cores_per_process
from vidfer.build.heartbeat import Heartbeat, HeartbeatMonitor, beating, heartbeat_path
from vidfer.build.lock import sole_writer
from vidfer.build.process_group import ProcessGroup
from vidfer.build.read_clips import read_clips
from vidfer.errors import VidferError

POLL_S = 0.3
"""After a failure, this process looks this often whether the main one has reported it."""

HEARD_S = 30.0
"""A process that has failed waits so long for the main one to report it. Then it reports it itself."""


def read_share(group: ProcessGroup) -> int:
    """What every process but the main one does: read the clips that the main process gives it.

    The main process reports what goes wrong here: launchers end all processes as soon as one has failed, and
    this one could not finish its message.

    Returns:
        The exit status: 0, also when the main process has failed; 2 when it has died.

    Raises:
        VidferError: this process cannot read, and the main one does not take notice.
    """
    try:
        message: tuple[list[ClipToRead], BuildTask, str] | None = group.receive()
    except RuntimeError:
        return 2
    if message is None:
        return 0
    todo, task, launch = message
    folder = task.parts.folder
    n_cores = cores_per_process(group.local_size)  # another machine may have more or fewer
    n_workers = task.build_settings.workers or n_cores
    task = replace(task, device=group.device(task.device), n_workers=n_workers, n_cores=n_cores)
    main = HeartbeatMonitor(heartbeat_path(folder, 0), launch)
    own = Heartbeat(launch)

    def check_main() -> None:
        heartbeat = main.read()
        if (heartbeat and heartbeat.is_over) or main.is_silent or not folder.is_dir():
            raise _MainIsGone

    try:
        with (
            sole_writer(folder, task.out, f"lock.{group.rank}"),
            beating(heartbeat_path(folder, group.rank), own),
        ):
            try:
                for seconds in read_clips(todo, task, check_main):
                    own.n_done += 1
                    for stage, s in seconds.items():
                        own.stage_s[stage] = own.stage_s.get(stage, 0.0) + s
            except (VidferError, OSError) as error:
                own.fault = str(error)
                raise
    except _MainIsGone:
        return 2 if main.is_silent else 0
    except (VidferError, OSError):
        deadline = time.monotonic() + HEARD_S
        while time.monotonic() < deadline:
            time.sleep(POLL_S)
            with suppress(_MainIsGone):
                check_main()
                continue
            return 0
        raise
    return 0


class _MainIsGone(Exception):
    """The main process has ended, so nobody would use what is read."""
