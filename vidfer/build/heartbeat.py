"""How processes that build one cache tell each other how far they are: each keeps a small file up to date."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from vidfer.running_time import RunningTime

FILE_BYTES = 4096
"""The file always has this size and is written in place: that works even when the disk is full."""

BEAT_S = 2.0
"""Seconds between two writes."""

SILENCE_S = 180.0
"""A process whose file has not changed for so long counts as dead. File servers may show changes a minute
late. Time in which the process that looks stands still does not count."""


@dataclass
class Heartbeat:
    """How far a process is."""

    launch: str
    """Which start of the program it belongs to."""
    who: str = field(default_factory=lambda: f"process {os.getpid()} on {socket.gethostname()}")
    beat: int = 0
    """Counts up as long as the process lives."""
    n_done: int = 0
    """Clips that it has finished."""
    stage_s: dict[str, float] = field(default_factory=dict)
    """Seconds of each stage of work, over all its workers."""
    is_over: bool = False
    """Whether the process has ended, well or not."""
    fault: str = ""
    """Why it could not finish."""


def heartbeat_path(folder: Path, rank: int) -> Path:
    """The file of a process in the folder of parts."""
    return folder / f"heartbeat.{rank}"


def write_heartbeat(path: Path, heartbeat: Heartbeat) -> None:
    """Write the file in place. If the disk does not allow it, the file stays as it was."""
    text = json.dumps(asdict(heartbeat))
    if len(text) > FILE_BYTES:
        text = json.dumps(asdict(heartbeat) | {"fault": heartbeat.fault[: FILE_BYTES // 8]})
    with suppress(OSError):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o666)
        try:
            os.pwrite(descriptor, text.encode("ascii").ljust(FILE_BYTES), 0)
        finally:
            os.close(descriptor)


def read_heartbeat(path: Path, launch: str) -> Heartbeat | None:
    """What the file says; None if it is of another start of the program, or cannot be read just now."""
    try:
        heartbeat = Heartbeat(**json.loads(path.read_text("ascii")))
    except (OSError, ValueError, TypeError):  # not there yet, or being written
        return None
    return heartbeat if heartbeat.launch == launch else None


@contextmanager
def beating(path: Path, heartbeat: Heartbeat) -> Iterator[None]:
    """Write the file every other second while the block runs, and once more when it ends."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(BEAT_S):
            heartbeat.beat += 1
            write_heartbeat(path, heartbeat)

    write_heartbeat(path, heartbeat)
    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        heartbeat.is_over = True
        write_heartbeat(path, heartbeat)


class HeartbeatMonitor:
    """Follows the heartbeat of another process.

    Args:
        path: its file.
        launch: the start of the program that it must belong to.
    """

    def __init__(self, path: Path, launch: str) -> None:
        self.path, self.launch = path, launch
        self.last: Heartbeat | None = None
        self._running_s = RunningTime()
        self._changed_s = 0.0

    def read(self) -> Heartbeat | None:
        """The heartbeat as it is now, or as it was when it could last be read."""
        heartbeat = read_heartbeat(self.path, self.launch)
        if heartbeat and heartbeat != self.last:
            self.last, self._changed_s = heartbeat, self._running_s()
        return self.last

    @property
    def is_silent(self) -> bool:
        """Whether nothing has changed for so long that the process must be dead. Clocks need not agree."""
        ended = self.last is not None and self.last.is_over
        return not ended and self._running_s() - self._changed_s > SILENCE_S
