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

Reason = tuple[str, str]
"""Why something is left out: in words for one, and for several."""

SYSTEM: Reason = ("file or folder that systems make", "files and folders that systems make")
INSIDE_CLIP: Reason = ("folder inside a folder of frames", "folders inside a folder of frames")
LINK: Reason = ("link to a folder that is listed already", "links to folders that are listed already")
LINK_ABOVE: Reason = (
    "link to a folder that holds the whole data set",
    "links to folders that hold the whole data set",
)
LINKED: Reason = (
    "folder that is listed already through a link",
    "folders that are listed already through a link",
)
POSTER: Reason = ("picture beside a video of the same name", "pictures beside a video of the same name")
HEIC: Reason = (
    "HEIC picture, which cannot be read (convert it to JPEG or PNG)",
    "HEIC pictures, which cannot be read (convert them to JPEG or PNG)",
)
EMPTY: Reason = ("folder that is empty", "folders that are empty")
OTHER: Reason = (
    "file that is neither a video nor a picture",
    "files that are neither videos nor pictures",
)


class Listing:
    """What one listing leaves out, and what else the user should know about it.

    Args:
        root: the folder that is listed.
    """

    def __init__(self, root: Path) -> None:
        self._skipped: dict[Reason, set[Path]] = {}
        self._notes: list[str] = []
        self._root = root.resolve()
        self._entered = {self._root: root.absolute()}
        self._inside_others: set[Path] = set()
        """Targets of links that lie inside the target of another link, so that two ways lead to them."""

    def skip(self, reason: Reason, path: Path) -> None:
        """Counts a file or folder that is left out; counting it again changes nothing."""
        self._skipped.setdefault(reason, set()).add(path)

    def add(self, other: Listing) -> None:
        """Also tells what another listing has to tell."""
        for reason, paths in other._skipped.items():
            self._skipped.setdefault(reason, set()).update(paths)
        for text in other._notes:
            self.note(text)

    def note(self, text: str) -> None:
        """Tells the user something, once."""
        if text not in self._notes:
            self._notes.append(text)

    def enter_link(self, link: Path) -> Reason | None:
        """Enters the folder that a link leads to, unless the listing reaches it by another way.

        So every real folder is listed once, and no link leads in a circle.

        Returns:
            The reason for leaving the link out; None where the folder is entered.
        """
        target = link.resolve()
        if self._entered.get(target) == link.absolute():
            return None
        if any(target.is_relative_to(folder) for folder in self._entered):
            return LINK
        if self._root.is_relative_to(target):
            return LINK_ABOVE
        self._inside_others |= {folder for folder in self._entered if folder.is_relative_to(target)}
        self._entered[target] = link.absolute()
        return None

    def is_listed_through_a_link(self, folder: Path) -> bool:
        """Whether a folder, itself no link, was entered through a link before."""
        return bool(self._inside_others) and folder.resolve() in self._inside_others

    def lines(self) -> list[str]:
        """A line for each reason of leaving something out (how many, and the first), and each note."""
        lines = []
        for (one, several), paths in self._skipped.items():
            what = f"1 {one}:" if len(paths) == 1 else f"{len(paths):,} {several}, such as"
            lines.append(f"left out: {what} {min(paths)}")
        return lines + self._notes


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
