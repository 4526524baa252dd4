"""Reuses the memory of decoded frames for later frames.

A chunk of frames is so large that the C library returns its memory to the system each time. The system clears
the pages before it gives them out again, which can take longer than decoding in a virtual machine
(``docs/decoding.md``).
"""

from __future__ import annotations

import math
import weakref
from contextlib import suppress

import numpy as np

FREE_BYTES = 128 * 2**20
"""At most this much memory waits to be reused."""

_free: list[memoryview] = []


def new_frames(shape: tuple[int, ...]) -> np.ndarray:
    """An uninitialised uint8 array. Its memory is reused once nobody refers to it, or to a part of it."""
    n_bytes = math.prod(shape)
    memory = _take(n_bytes)
    # Made from a memoryview, so that parts of the array refer to the array and not to the memory itself.
    array = np.frombuffer(memory, np.uint8, n_bytes)
    weakref.finalize(array, _give_back, memory).atexit = False
    return array.reshape(shape)


# Memory comes back in the thread that drops the last reference, possibly while one of these two functions
# runs. So they change the list only by steps that cannot be interrupted.


def _take(n_bytes: int) -> memoryview:
    """A free piece of memory of this size to twice this size, or a new one."""
    unfit = []
    try:
        while True:
            memory = _free.pop()
            if n_bytes <= len(memory) <= 2 * n_bytes:
                return memory
            unfit.append(memory)
    except IndexError:
        return memoryview(np.empty(max(1, n_bytes), np.uint8))
    finally:
        _free.extend(unfit)


def _give_back(memory: memoryview) -> None:
    _free.append(memory)
    with suppress(IndexError):
        while sum(map(len, _free)) > FREE_BYTES:
            _free.pop(0)
