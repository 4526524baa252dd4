"""Memory of decoded frames, used again for the frames that come after them.

A chunk of frames is so large that the C library returns it to the system each time, and the system clears the
pages before it gives them again. In a virtual machine that can take longer than decoding (``docs/crops.md``).
"""

from __future__ import annotations

import math
import weakref
from contextlib import suppress

import numpy as np

FREE_BYTES = 128 * 2**20
"""No more than this waits to be used again."""

_free: list[memoryview] = []


def new_frames(shape: tuple[int, ...]) -> np.ndarray:
    """An uninitialised uint8 array; when nobody refers to it or a part of it, its memory is used again."""
    n_bytes = math.prod(shape)
    memory = _take(n_bytes)
    # Over a memoryview, so that parts of the array refer to the array, and not to the memory behind its back.
    array = np.frombuffer(memory, np.uint8, n_bytes)
    weakref.finalize(array, _give_back, memory).atexit = False
    return array.reshape(shape)


# Memory comes back in whatever thread drops the last reference, also in the midst of these two functions. So
# they change the list only by single steps that nothing can come between.


def _take(n_bytes: int) -> memoryview:
    """A free piece of at least this size, but of no more than twice of it; else a new one."""
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
