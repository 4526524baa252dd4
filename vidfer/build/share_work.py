"""Building a cache with several processes: what the main one gives away, and what the others do with it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from vidfer.build.lock import sole_writer, wait_until_free
from vidfer.build.notes import Note, Watch, keeping, note_path
from vidfer.build.read_clips import Reading, ToRead, cores_here, read_clips
from vidfer.build.team import Team
from vidfer.errors import VidferError
from vidfer.store.shard import length_of, share_out

LOOK_S = 0.3
"""So often a process that has nothing else to do looks at what the others do."""

APPEAR_S = 90.0
"""A file server may show the parts of another machine so much later."""

HEARD_S = 30.0
"""So long a process that has failed waits for the main one to say so, before it says it itself."""


@dataclass(frozen=True)
class Task:
    """What another process is to read; sent to it."""

    todo: list[ToRead]
    reading: Reading
    out: Path
    launch: str


class Others:
    """The other processes, seen from the main one; with a team of one there are none.

    Args:
        team: who works together.
        reading: how clips are read.
        out: the cache.
    """

    def __init__(self, team: Team, reading: Reading, out: Path) -> None:
        self.team, self.reading, self.out = team, reading, out
        self.launch = os.urandom(8).hex()
        self.at_work = False
        self.watches: list[Watch] = []

    def check_nobody_is_left(self) -> None:
        """Raise VidferError when processes of an earlier start, whose main process is dead, still work."""
        for lock in sorted(self.reading.parts.folder.glob("lock.*")):
            wait_until_free(lock, self.out)

    @contextmanager
    def working_on(self, todo: list[ToRead]) -> Iterator[list[ToRead]]:
        """Give every process its share, once, and show them while the block runs that this one lives.

        Args:
            todo: what is to be read by all.

        Yields:
            The share of this process; all, where there is nobody to share with any more.
        """
        if self.team.size == 1 or self.watches:
            yield todo
            return
        folder = self.reading.parts.folder
        lengths = [length_of(record) for _, record in todo]
        shares = [[todo[i] for i in share] for share in share_out(lengths, self.team.size)]
        with keeping(note_path(folder, 0), Note(self.launch)):
            self.team.tell([Task(share, self.reading, self.out, self.launch) for share in shares[1:]])
            # Only now: from here on a process that gives no sign is taken for dead.
            self.watches = [Watch(note_path(folder, rank), self.launch) for rank in range(1, self.team.size)]
            self.at_work = True
            yield shares[0]
        self.at_work = False

    @property
    def n_done(self) -> int:
        """Clips that they have finished and that are not counted as stored yet."""
        return sum(watch.note.n_done for watch in self.watches if watch.note) if self.at_work else 0

    @property
    def stage_s(self) -> list[dict[str, float]]:
        """Seconds of each stage, of each process."""
        return [watch.note.stage_s for watch in self.watches if watch.note]

    def look(self) -> bool:
        """See how far they are; True when all have finished, or there are none at work.

        Raises:
            VidferError: when one has failed or died.
        """
        for rank, watch in enumerate(self.watches, 1):
            note = watch.look()
            if note and note.fault:
                raise VidferError(f"{note.fault} (process {rank + 1} of {self.team.size}: {note.who})")
            if watch.is_silent:
                who = note.who if note else "it never began"
                raise VidferError(
                    f"process {rank + 1} of {self.team.size} gives no sign of life ({who}). The clips "
                    f"finished so far are kept; start again with any number of processes"
                )
        return all(watch.note and watch.note.is_over for watch in self.watches)

    def wait(self, tick: Callable[[], None]) -> None:
        """Until all have finished."""
        while not self.look():
            tick()
            time.sleep(LOOK_S)
        tick()

    def wait_for_files(self, are_there: Callable[[set[str]], bool]) -> None:
        """Until the names of files that other machines have written can be seen here; not for ever."""
        deadline = time.monotonic() + APPEAR_S
        while self.watches and not are_there(self.reading.parts.names()) and time.monotonic() < deadline:
            time.sleep(1.0)


def assist(team: Team) -> int:
    """As another process than the main one: read what that says.

    What goes wrong is for the main process to tell: launchers end all processes as soon as one has failed,
    and it would not come to say why.

    Returns:
        The exit status: 0 also when the main process has failed, 2 when it has died.

    Raises:
        VidferError: for what keeps this process from reading, when the main one does not hear of it.
    """
    try:
        task: Task | None = team.listen()
    except RuntimeError:
        return 2
    if task is None:
        return 0
    folder = task.reading.parts.folder
    n_cores = cores_here(team.local_size)  # another machine may have more or fewer
    reading = replace(
        task.reading,
        device=team.device(task.reading.device),
        n_workers=task.reading.settings.workers or n_cores,
        n_cores=n_cores,
    )
    main, note = Watch(note_path(folder, 0), task.launch), Note(task.launch)

    def look() -> None:
        found = main.look()
        if (found and found.is_over) or main.is_silent or not folder.is_dir():
            raise _MainIsGone

    try:
        with sole_writer(folder, task.out, f"lock.{team.rank}"), keeping(note_path(folder, team.rank), note):
            try:
                for seconds in read_clips(task.todo, reading, look):
                    note.n_done += 1
                    for stage, s in seconds.items():
                        note.stage_s[stage] = note.stage_s.get(stage, 0.0) + s
            except (VidferError, OSError) as error:
                note.fault = str(error)
                raise
    except _MainIsGone:
        return 2 if main.is_silent else 0
    except (VidferError, OSError):
        deadline = time.monotonic() + HEARD_S
        while time.monotonic() < deadline:
            time.sleep(LOOK_S)
            with suppress(_MainIsGone):
                look()
                continue
            return 0
        raise
    return 0


class _MainIsGone(Exception):
    """The main process has ended, so that nobody would use what is read."""
