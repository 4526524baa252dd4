"""Files that browsers send, from their first byte until the page tells whose they are."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


class Received:
    """Deletes what nobody has claimed: the page was left before its upload was complete, or before it could
    tell to whom the file belongs.

    Args:
        folder: where Gradio puts uploads. One that is not complete lies in the folder itself, a complete one
            in a folder that has the hash of its content for a name.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._n_coming = 0

    @contextmanager
    def coming(self) -> Iterator[None]:
        """Something is sent while the block runs; afterwards what was not complete is deleted."""
        with self._lock:
            self._n_coming += 1
        try:
            yield
        finally:
            with self._lock:
                self._n_coming -= 1
                self._delete_incomplete()

    def delete_unclaimed(self, claimed: Collection[Path], before_s: float) -> None:
        """Delete files that belong to nobody.

        Args:
            claimed: those of visitors, which stay.
            before_s: newer files stay, in seconds since 1970. Their page may still tell whose they are.
        """
        for folder in [*self.folder.glob("*")]:
            with suppress(OSError):  # it may go meanwhile, with its visitor
                for path in [*folder.iterdir()]:
                    about = path.stat()
                    # The later one: a complete file is given its name after its last byte.
                    if path not in claimed and max(about.st_mtime, about.st_ctime) < before_s:
                        self.delete(path)
        with self._lock:
            self._delete_incomplete()

    def delete(self, path: Path) -> None:
        """Delete a file, and its folder if nothing else is in it; a file elsewhere is left alone."""
        if path.is_relative_to(self.folder):
            path.unlink(missing_ok=True)
            with suppress(OSError):
                path.parent.rmdir()

    def _delete_incomplete(self) -> None:
        if self._n_coming:
            return  # it may be this one
        for path in [*self.folder.glob("*")]:
            with suppress(OSError):
                if path.is_file():
                    path.unlink()
