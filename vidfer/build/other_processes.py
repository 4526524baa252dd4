"""The main process of several: it gives the others their shares of the clips, and sees how far they are."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from vidfer.build.build_task import BuildTask, ClipToRead
from vidfer.build.heartbeat import Heartbeat, HeartbeatMonitor, beating, heartbeat_path
from vidfer.build.lock import wait_until_free
from vidfer.build.process_group import ProcessGroup
from vidfer.build.shares import length_of, share_out
from vidfer.errors import CacheError

POLL_S = 0.3
"""While this process has nothing else to do, it looks at the heartbeats of the others this often."""

APPEAR_S = 90.0
"""A file server may show the parts of another machine so much later."""


class OtherProcesses:
    """The other processes, as the main one sees them. Without a launcher there are none.

    Args:
        group: all processes.
        task: what is built, and how.
    """

    def __init__(self, group: ProcessGroup, task: BuildTask) -> None:
        self.group, self.task = group, task
        self.launch = os.urandom(8).hex()
        self.at_work = False
        self.monitors: list[HeartbeatMonitor] = []

    def check_none_is_left(self) -> None:
        """Raise CacheError when processes of an earlier start still work, although their main one is dead."""
        for lock in sorted(self.task.parts.folder.glob("lock.*")):
            wait_until_free(lock, self.task.out)

    @contextmanager
    def reading(self, todo: list[ClipToRead]) -> Iterator[list[ClipToRead]]:
        """Give every process its share of the clips; while the block runs, show that this process lives.

        The others get a share once. After that this process reads alone.

        Args:
            todo: the clips to read.

        Yields:
            The share of this process.
        """
        if self.group.size == 1 or self.monitors:
            yield todo
            return
        folder = self.task.parts.folder
        lengths = [length_of(record) for _, record in todo]
        shares = [[todo[i] for i in share] for share in share_out(lengths, self.group.size)]
        with beating(heartbeat_path(folder, 0), Heartbeat(self.launch)):
            self.group.send([(share, self.task, self.launch) for share in shares[1:]])
            # Only now: from here on a process without a heartbeat counts as dead.
            paths = [heartbeat_path(folder, rank) for rank in range(1, self.group.size)]
            self.monitors = [HeartbeatMonitor(path, self.launch) for path in paths]
            self.at_work = True
            yield shares[0]
        self.at_work = False

    @property
    def n_done(self) -> int:
        """Clips that they have finished since the work was last planned."""
        return sum(monitor.last.n_done for monitor in self.monitors if monitor.last) if self.at_work else 0

    @property
    def stage_s(self) -> list[dict[str, float]]:
        """Seconds of each stage of work, for each process."""
        return [monitor.last.stage_s for monitor in self.monitors if monitor.last]

    def poll(self) -> bool:
        """See how far they are. True when all have finished, or none is at work.

        Raises:
            CacheError: one of them has failed or died.
        """
        for rank, monitor in enumerate(self.monitors, 1):
            heartbeat = monitor.read()
            which = f"process {rank + 1} of {self.group.size}"
            if heartbeat and heartbeat.fault:
                raise CacheError(f"{heartbeat.fault} ({which}: {heartbeat.who})")
            if monitor.is_silent:
                who = heartbeat.who if heartbeat else "it never began"
                raise CacheError(
                    f"{which} gives no sign of life ({who}); the finished clips are kept, start the same "
                    f"command again with any number of processes"
                )
        return all(monitor.last and monitor.last.is_over for monitor in self.monitors)

    def wait(self, tick: Callable[[], None]) -> None:
        """Wait until all have finished; ``tick`` is called on the way."""
        while not self.poll():
            tick()
            time.sleep(POLL_S)
        tick()

    def wait_for_files(self, are_there: Callable[[], bool]) -> None:
        """Wait until files that other machines have written can be seen here, for 90 seconds at most."""
        deadline = time.monotonic() + APPEAR_S
        while self.monitors and not are_there() and time.monotonic() < deadline:
            time.sleep(1.0)
