"""What the listing of a data set tells the user, and which linked folders it has already entered."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

SYSTEM_NAMES = frozenset(
    {"@eadir", "__macosx", "#recycle", "$recycle.bin", "desktop.ini", "lost+found", "thumbs.db"}
    | {"system volume information"}
)
"""Files and folders that systems make, in lower case. Names that begin with a dot are left out as well."""

SYSTEM, INSIDE_CLIP, LINK, POSTER, HEIC, OTHER = (
    "files and folders that systems make",
    "folders inside a folder of frames",
    "links to folders that are listed already",
    "pictures beside a video of the same name",
    "HEIC pictures, which cannot be read (convert them to JPEG or PNG)",
    "files that are neither videos nor pictures",
)
"""Reasons for leaving something out."""


class Listing:
    """What one listing leaves out, and what else the user should know about it.

    Args:
        root: the folder that is listed.
    """

    def __init__(self, root: Path) -> None:
        self._skipped: dict[str, set[Path]] = {}
        self._notes: list[str] = []
        self._entered = {root.resolve(): root.absolute()}

    def skip(self, reason: str, path: Path) -> None:
        """Counts a file or folder that is left out; counting it again changes nothing."""
        self._skipped.setdefault(reason, set()).add(path)

    def note(self, text: str) -> None:
        """Tells the user something, once."""
        if text not in self._notes:
            self._notes.append(text)

    def is_known(self, link: Path) -> bool:
        """Whether a link leads to a folder that the listing reaches, or has reached, by another way.

        So every real folder is listed once, and no link leads in a circle.
        """
        target = link.resolve()
        for folder, entrance in self._entered.items():
            if entrance != link.absolute() and (
                target.is_relative_to(folder) or folder.is_relative_to(target)
            ):
                return True
        self._entered[target] = link.absolute()
        return False

    def lines(self) -> list[str]:
        """A line for each reason of leaving something out (how many, and the first), and each note."""
        skipped = self._skipped.items()
        return [f"left out: {len(paths):,} {reason}, such as {min(paths)}" for reason, paths in skipped] + [
            *self._notes
        ]


_THIS: ContextVar[Listing | None] = ContextVar("this listing", default=None)


@contextmanager
def listing_of(root: Path) -> Iterator[Listing]:
    """Within it, all functions that list folders and tables tell one object what they leave out."""
    listing = Listing(root)
    before = _THIS.set(listing)
    try:
        yield listing
    finally:
        _THIS.reset(before)


def this_listing(folder: Path) -> Listing:
    """The object of :func:`listing_of`; outside of it a new one for ``folder``."""
    return _THIS.get() or Listing(folder)
