"""What processes that build one cache tell each other while they work, in notes in the parts folder."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

NOTE_BYTES = 4096
"""A note is always as long, and written in place: that works even when the disk is full."""

BEAT_S = 2.0
"""So often a process shows that it is alive."""

SILENCE_S = 180.0
"""A process that gives no sign for so long is taken for dead: file servers may show changes a minute late."""


@dataclass
class Note:
    """How far a process is."""

    launch: str
    """Which start of the program it belongs to."""
    who: str = field(default_factory=lambda: f"process {os.getpid()} on {socket.gethostname()}")
    beat: int = 0
    """Counts up as long as the process lives."""
    n_done: int = 0
    """Clips that it has finished."""
    stage_s: dict[str, float] = field(default_factory=dict)
    """Seconds of each stage, of all its workers."""
    is_over: bool = False
    """Whether it has ended, well or not."""
    fault: str = ""
    """Why it could not finish."""


def note_path(folder: Path, rank: int) -> Path:
    """Where a process keeps its note."""
    return folder / f"note.{rank}"


def write_note(path: Path, note: Note) -> None:
    """Write a note in place; where the disk does not let it, it stays as it was."""
    text = json.dumps(asdict(note))
    if len(text) > NOTE_BYTES:
        text = json.dumps(asdict(note) | {"fault": note.fault[: NOTE_BYTES // 8]})
    with suppress(OSError):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o666)
        try:
            os.pwrite(descriptor, text.encode("ascii").ljust(NOTE_BYTES), 0)
        finally:
            os.close(descriptor)


def read_note(path: Path, launch: str) -> Note | None:
    """The note of a process of this start of the program, if it can be read just now."""
    try:
        note = Note(**json.loads(path.read_text("ascii")))
    except (OSError, ValueError, TypeError):  # not yet there, or being written
        return None
    return note if note.launch == launch else None


@contextmanager
def keeping(path: Path, note: Note) -> Iterator[None]:
    """Write a note every other second while the block runs, and when it has ended."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(BEAT_S):
            note.beat += 1
            write_note(path, note)

    write_note(path, note)
    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        note.is_over = True
        write_note(path, note)


class Watch:
    """Looks at the note of another process.

    Args:
        path: its note.
        launch: which start of the program it must belong to.
    """

    def __init__(self, path: Path, launch: str) -> None:
        self.path, self.launch = path, launch
        self.note: Note | None = None
        self._changed = time.monotonic()

    def look(self) -> Note | None:
        """The note as it is now, or was when it could last be read."""
        note = read_note(self.path, self.launch)
        if note and note != self.note:
            self.note, self._changed = note, time.monotonic()
        return self.note

    @property
    def is_silent(self) -> bool:
        """Whether the process gave no sign for so long that it must be dead. Clocks need not agree."""
        ended = self.note is not None and self.note.is_over
        return not ended and time.monotonic() - self._changed > SILENCE_S
