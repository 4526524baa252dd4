"""Closes files and folders, for root too: root loses the right to open what is closed."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

CAPGET, CAPSET = {"x86_64": (125, 126), "aarch64": (90, 91)}.get(os.uname().machine, (0, 0))
VERSION_3 = 0x20080522
OPENS_ALL = 1 << 1 | 1 << 2
"""CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH, see capabilities(7): no permission of a file counts."""


@contextmanager
def closed(path: Path, mode: int = 0o000) -> Iterator[None]:
    """Within it a file or folder has these permissions, which bind this thread and those that it starts.

    A folder with 0o444 gives the names that lie in it, and nothing else.
    """
    before = path.stat().st_mode
    path.chmod(mode)
    try:
        if os.geteuid():
            yield
        else:
            with _without_rights():
                yield
    finally:
        path.chmod(before)


@contextmanager
def _without_rights() -> Iterator[None]:
    if not CAPGET:
        pytest.skip("how root gives rights away is not known on this processor")
    before = _effective()
    _effective(before & ~OPENS_ALL)
    try:
        yield
    finally:
        _effective(before)


def _effective(wanted: int | None = None) -> int:
    """The first 32 effective capabilities of this thread, after they were set if that is wanted."""
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(VERSION_3, 0)
    sets = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable; then those of the next 32
    assert libc.syscall(CAPGET, header, sets) == 0, os.strerror(ctypes.get_errno())
    if wanted is not None:
        sets[0] = wanted
        assert libc.syscall(CAPSET, header, sets) == 0, os.strerror(ctypes.get_errno())
    return sets[0]
