"""What the listing of a data set leaves out, and which linked folders it has already entered."""

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

SYSTEM, INSIDE_CLIP, LINK = (
    "files and folders that systems make",
    "folders inside a folder of frames",
    "links to folders that are listed already",
)
"""Reasons for leaving something out."""


class Skipped:
    """What one listing leaves out.

    Args:
        root: the folder that is listed.
    """

    def __init__(self, root: Path) -> None:
        self._paths: dict[str, set[Path]] = {}
        self._entered = {root.resolve(): root.absolute()}

    def add(self, reason: str, path: Path) -> None:
        """Notes a file or folder; noting it again changes nothing."""
        self._paths.setdefault(reason, set()).add(path)

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
        """A line for each reason: how many, and the first of them."""
        return [f"{len(paths):,} {reason}, such as {min(paths)}" for reason, paths in self._paths.items()]


_OF_THIS_LISTING: ContextVar[Skipped | None] = ContextVar("skipped", default=None)


@contextmanager
def listing(root: Path) -> Iterator[Skipped]:
    """Within it, all functions that list folders note in one place what they leave out."""
    skipped = Skipped(root)
    before = _OF_THIS_LISTING.set(skipped)
    try:
        yield skipped
    finally:
        _OF_THIS_LISTING.reset(before)


def of_this_listing(folder: Path) -> Skipped:
    """Where to note what is left out; outside of :func:`listing` a place of its own for ``folder``."""
    return _OF_THIS_LISTING.get() or Skipped(folder)
