"""Keeps freed memory in a worker process for its next use."""

from __future__ import annotations

import ctypes
from contextlib import suppress

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""Numbers of glibc's parameters, from ``malloc.h``."""
TRIM_BYTES, MMAP_BYTES = 2**26, 2**25


def keep_freed_memory() -> None:
    """Let the C library keep up to 64 MiB of freed memory, also of larger pieces, where it is glibc.

    It would give the memory of the networks back to the system after each batch. The system clears the pages
    before it gives them out again, which takes a quarter of the time of a search in small pictures.
    """
    with suppress(AttributeError, OSError):  # another C library
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(M_TRIM_THRESHOLD, TRIM_BYTES)
        mallopt(M_MMAP_THRESHOLD, MMAP_BYTES)
