"""Keep freed memory for the next step of a training on a processor."""

from __future__ import annotations

import ctypes
import sys

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""Numbers of the options in glibc's malloc.h."""

KEPT_BYTES, OWN_PAGES_BYTES = 2**31 - 1, 32 << 20
"""The largest values that glibc takes: what it keeps, and from which size on a piece has pages of its own."""


def keep_freed_memory() -> None:
    """Let this process keep the memory that it frees, up to 2 GB, until it ends.

    A training step frees what the next one needs again. By default glibc gives it back to the system, which
    hands it out anew page by page and fills it with zeros: 3 to 6 % of the time of a step of a small network.
    The process does not take more memory than its largest step needs. Other C libraries stay as they are.
    """
    if sys.platform == "linux" and (mallopt := getattr(ctypes.CDLL(None), "mallopt", None)):
        mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)
        mallopt(M_MMAP_THRESHOLD, OWN_PAGES_BYTES)  # pieces with pages of their own are always given back
