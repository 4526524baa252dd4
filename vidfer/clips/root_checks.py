"""Checks of the root that a user gave, and the errors that lead to the right one."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

from vidfer.clips.media import list_folder
from vidfer.errors import DataError, SettingError
from vidfer.reachable import check_reachable

ARCHIVE_SUFFIXES = frozenset({".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar"})

MAX_FOLDERS = 200
"""How many folders are searched for the right root."""


def check_folder(root: Path, layout: str) -> None:
    """Checks that the root is a folder with something in it.

    Args:
        layout: what the folder should hold, in words.

    Raises:
        DataError: it is not.
    """
    remedy = f"give the folder that holds {layout}"
    if not root.exists():
        check_reachable(root)
        raise DataError(f"there is no folder {root}; {remedy}")
    if not root.is_dir():
        if root.suffix.lower() in ARCHIVE_SUFFIXES:
            raise DataError(f"{root} is an archive; unpack it, and {remedy}")
        raise DataError(f"{root} is a file; {remedy}")
    if not list_folder(root):
        raise DataError(f"the folder {root} is empty; {remedy}")


def check_part(source: str, part: str | None, parts: Collection[str]) -> None:
    """Checks the part that followed the source's name, such as ``3`` in ``dfew:3``.

    Raises:
        SettingError: it is none of ``parts``.
    """
    if part is not None and part not in parts:
        choice = ", ".join(f"{source}:{name}" for name in parts)
        raise SettingError(f"there is no '{source}:{part}'; choose one of {choice}, or {source} alone")


def nothing_found(root: Path, layout: str) -> DataError:
    """The error for a folder that holds other things than clips; it says what the folder holds.

    Args:
        layout: what the folder should hold, in words.
    """
    entries = list_folder(root)
    archives = [path.name for path in entries if path.suffix.lower() in ARCHIVE_SUFFIXES]
    if archives:
        return DataError(
            f"{root} holds no clip, but the archive {archives[0]}; unpack it there to get {layout}"
        )
    names = ", ".join(path.name + "/" * path.is_dir() for path in entries[:6])
    more = f" and {len(entries) - 6} more" if len(entries) > 6 else ""
    return DataError(f"{root} holds no clip, but {names}{more}; it should hold {layout}")


def wrong_root(root: Path, is_root: Callable[[Path], bool], layout: str) -> DataError:
    """The error for a folder that is not the root; it names the right one where that is near.

    Args:
        is_root: whether the layout starts in a folder.
        layout: what the root should hold, in words.
    """

    def starts_in(folder: Path) -> bool:
        try:
            return is_root(folder)
        except OSError:  # a folder that may not be read
            return False

    for above in list(root.absolute().parents)[:3]:
        if starts_in(above):
            return DataError(f"{root} is a folder inside the data set; give {above}")
    folders = [path for path in list_folder(root) if path.is_dir()][:MAX_FOLDERS]
    inner = (path for folder in folders for path in list_folder(folder) if path.is_dir())
    for below in [*folders, *inner][:MAX_FOLDERS]:
        if starts_in(below):
            return DataError(f"{root} is a folder above the data set; give {below}, which holds {layout}")
    return nothing_found(root, layout)


def missing_clips(missing: Collection[str | Path], n_listed: int, table: Path, remedy: str) -> DataError:
    """The error for clips that a table lists and that are not on the disk."""
    first = next(iter(missing))
    return DataError(
        f"{len(missing)} of the {n_listed} clips in {table} are not on the disk; the first is {first}. "
        f"{remedy}"
    )
