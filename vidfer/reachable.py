"""A path that leads to nothing, and one about which the system says nothing, are two mistakes."""

from __future__ import annotations

import errno
import os
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

NOTHING_THERE = (errno.ENOENT, errno.ENOTDIR)
"""How the system says that a path leads to nothing."""


def check_reachable(path: Path) -> None:
    """Let the system say why it does not tell whether a path leads to something.

    Up to Python 3.13 ``Path.exists`` and its like do this; since 3.14 they say False, also of a file in a
    folder that its owner has locked. At a ring of links ``Path.resolve`` fails up to Python 3.12.

    Raises:
        OSError: such as a PermissionError, with the path.
    """
    try:
        path.stat()
    except OSError as error:
        if error.errno not in NOTHING_THERE:
            raise


def check_all_reachable(settings: Any) -> None:
    """:func:`check_reachable` for each path in settings, in their groups and in their tuples."""
    if isinstance(settings, Path):
        check_reachable(settings)
    elif isinstance(settings, tuple):
        for one in settings:
            check_all_reachable(one)
    elif is_dataclass(settings):
        for field in fields(settings):
            check_all_reachable(getattr(settings, field.name))


def check_can_write(file: Path) -> None:
    """Refuse a file that could not be written, before the work that it shall hold.

    Args:
        file: need not exist, nor its folder.

    Raises:
        NotADirectoryError: a file stands where its folder should be.
        PermissionError: its folder takes no new file, or cannot be made.
    """
    folder = next(place for place in file.absolute().parents if place.exists())
    if not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder))
    of_this_process = os.access in os.supports_effective_ids
    if not os.access(folder, os.W_OK | os.X_OK, effective_ids=of_this_process):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))
