"""Who visits the app, and the files of each visitor: kept for an hour at most, then deleted."""

from __future__ import annotations

import os
import secrets
import shutil
import stat
import tempfile
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from filelock import FileLock, Timeout

from vidfer.app.live import LiveView
from vidfer.app.received import Received
from vidfer.infer.predictor import Predictor

PREFIX = "vidfer-app-"
LOCK = "lock"
UPLOADS, RESULTS = "uploads", "results"
KEEP_S = 3600.0
"""A file of somebody who does nothing for so long is deleted, in seconds."""
UNCLAIMED_S = 20.0
"""An upload that no page has claimed for so long is deleted, in seconds: its page was left."""
SWEEP_S = 10.0
STOPS_S = 60.0
"""At its end the app waits so long for what is running. A prediction looks several times a second whether it
is to stop."""
YOUNG_S = 60.0
"""A folder that is younger is never taken for one that was left behind."""
MOST_GONE = 1000
"""So many sessions are remembered after their page was left; what a page still asks for comes at once."""


class Stopped(Exception):
    """The visitor has pressed the button that stops, or is gone, or the app ends."""


@dataclass(eq=False)
class Visit:
    """One visitor: one page in a browser."""

    folder: Path
    """For results. Its name cannot be guessed, as whoever knows it can read what is in it."""
    used_s: float
    stop: threading.Event = field(default_factory=threading.Event)
    uploads: set[Path] = field(default_factory=set)
    own: Predictor | None = None
    """The expressions that this visitor has taught."""
    examples: set[Path] = field(default_factory=set)
    """Those of these expressions."""
    live: LiveView | None = None
    """What the visitor's camera shows."""

    def check(self) -> None:
        """Raise :class:`Stopped` if the visitor wants no more."""
        if self.stop.is_set():
            raise Stopped

    def new_folder(self, name: str) -> Path:
        """An empty folder in the visitor's own, in place of an earlier one of this name."""
        folder = self.folder / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder


class Visits:
    """All visitors. The folder ``root`` is theirs alone: only its owner may read it."""

    def __init__(self, root: Path, clock: Callable[[], float] = time.time) -> None:
        """``root``: there, with an empty folder for uploads; ``clock``: seconds since 1970."""
        self.root, self.uploads, self._clock = root, root / UPLOADS, clock
        self.uploads.mkdir(parents=True, exist_ok=True)
        self.received = Received(self.uploads)
        """What browsers are sending."""
        self._visits: dict[str, Visit] = {}
        self._working: list[Visit] = []
        """Visits with something that runs, once for each; also those that have ended meanwhile."""
        self._lock = threading.Condition()
        self._pages: Counter[str] = Counter()
        """How many connections the page of each session keeps open."""
        self._gone: deque[str] = deque(maxlen=MOST_GONE)
        self._has_ended = False

    def of(self, session: str) -> Visit:
        """The visitor of a session, who is noted as being there now.

        Raises:
            Stopped: the page of the session was left, or the app ends. Nothing is kept for it any more.
        """
        with self._lock:
            if session in self._gone or self._has_ended:
                raise Stopped
            visit = self._visits.get(session)
            if visit is None:
                folder = self.root / RESULTS / secrets.token_hex(16)
                folder.mkdir(parents=True)
                visit = self._visits[session] = Visit(folder, self._clock())
            visit.used_s = self._clock()
            return visit

    def claim(self, session: str, paths: Iterable[Path]) -> None:
        """Files belong to the visitor of a session, and go with the visitor; raises as :meth:`of` does."""
        with self._lock:  # somebody may be looking whose files there are
            self.of(session).uploads.update(paths)

    @contextmanager
    def at_work(self, session: str) -> Iterator[Visit]:
        """The visitor of a session, whose files stay while the block runs; raises as :meth:`of` does."""
        with self._lock:
            visit = self.of(session)
            self._working.append(visit)
        try:
            yield visit
        finally:
            with self._lock:
                visit.used_s = self._clock()
                is_over = self._visits.get(session) is not visit and self._working.count(visit) == 1
                if not is_over:
                    self._work_ends(visit)
            if is_over:
                self._delete(visit)
                self._work_ends(visit)

    def arrive(self, session: str) -> None:
        """The page of a session has opened a connection, which it keeps."""
        with self._lock:
            self._pages[session] += 1
            if session in self._gone:  # the connection was lost, and is there again
                self._gone.remove(session)

    def leave(self, session: str) -> None:
        """The connection has ended. If it was the last one of its page, the visitor has left."""
        with self._lock:
            self._pages[session] -= 1
            if self._pages[session] > 0:
                return
            del self._pages[session]
            self._gone.append(session)
        self.end(session)

    def end(self, session: str) -> None:
        """Stop what is running for a visitor, and delete all files."""
        with self._lock:
            visit = self._visits.pop(session, None)
            is_over = visit is not None and visit not in self._working
        if visit is not None:
            visit.stop.set()
        if is_over:
            self._delete(visit)

    def sweep(self) -> None:
        """Delete what nobody has used for an hour, and uploads that nobody has claimed."""
        now_s = self._clock()
        with self._lock:
            idle = [name for name, visit in self._visits.items() if visit.used_s < now_s - KEEP_S]
            idle = [name for name in idle if self._visits[name] not in self._working]
        for session in idle:
            self.end(session)
        self.received.delete_unclaimed(self._claimed(), now_s - UNCLAIMED_S)

    def stop_all(self) -> None:
        """Stop what is running; nothing begins any more."""
        with self._lock:
            self._has_ended = True
            for visit in self._visits.values():
                visit.stop.set()

    def end_all(self) -> None:
        """Stop and delete everything. What is running still writes files, so its end is waited for."""
        self.stop_all()
        for session in [*self._visits]:
            self.end(session)
        with self._lock:
            self._lock.wait_for(lambda: not self._working, timeout=STOPS_S)
        shutil.rmtree(self.root, ignore_errors=True)

    def _work_ends(self, visit: Visit) -> None:
        with self._lock:
            self._working.remove(visit)
            self._lock.notify_all()

    def _claimed(self) -> set[Path]:
        with self._lock:
            return {path for visit in (*self._visits.values(), *self._working) for path in visit.uploads}

    def _delete(self, visit: Visit) -> None:
        shutil.rmtree(visit.folder, ignore_errors=True)
        with self._lock:  # the same film from two visitors is one file
            others = (*self._visits.values(), *(one for one in self._working if one is not visit))
            kept = {path for other in others for path in other.uploads}
        for path in visit.uploads - kept:
            self.received.delete(path)


@contextmanager
def open_visits() -> Iterator[Visits]:
    """Visits with a folder of their own in the one for temporary files; it is deleted at the end.

    Folders that a killed app has left behind are deleted, too.
    """
    delete_left_behind()
    root = Path(tempfile.mkdtemp(prefix=PREFIX))  # with the rights 0700
    lock = FileLock(root / LOCK, fallback_to_soft=False)
    visits, ended = Visits(root), threading.Event()

    def sweep() -> None:
        while not ended.wait(SWEEP_S):
            visits.sweep()

    sweeper = threading.Thread(target=sweep, daemon=True)
    with lock:
        sweeper.start()
        try:
            yield visits
        finally:
            ended.set()
            sweeper.join()  # or it would look for files in a folder that is gone
            visits.end_all()
    shutil.rmtree(root, ignore_errors=True)


def delete_left_behind() -> None:
    """Delete the folders of apps that were killed: nobody holds their lock any more."""
    for root in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        try:
            about = root.lstat()
            if not stat.S_ISDIR(about.st_mode) or about.st_uid != os.getuid():
                continue
            if time.time() - about.st_mtime < YOUNG_S or not (root / LOCK).is_file():
                continue
            with FileLock(root / LOCK, timeout=0, fallback_to_soft=False):
                shutil.rmtree(root, ignore_errors=True)
        except (OSError, Timeout):
            continue
