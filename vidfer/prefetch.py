"""Make the next items of an iterator in a thread while the caller uses the last one."""

from __future__ import annotations

import queue
import sys
import threading
from collections.abc import Iterator
from typing import TypeVar

Item = TypeVar("Item")


def prefetch(items: Iterator[Item], n: int = 2) -> Iterator[Item]:
    """Give the same items in the same order, but make them in a thread of their own.

    An exception in ``items`` is raised here, at the place of the item that failed. If the caller stops early,
    the thread finishes the item it is making, closes the generator and ends. Prefetching pays where both
    making and using release the GIL: decoding, OpenCV, networks, JPEG, files.

    Args:
        items: what to make; only the thread uses it.
        n: largest number of items that are finished or in the making, besides the one in use.
    """
    free, made, stopped = threading.Semaphore(n), queue.SimpleQueue(), threading.Event()

    def make() -> None:
        try:
            iterator = iter(items)
            while True:
                free.acquire()
                if stopped.is_set():
                    break
                made.put((next(iterator), None))
        except BaseException as error:  # the caller gets it, whatever it is
            made.put((None, error))
        finally:
            getattr(items, "close", lambda: None)()

    thread = threading.Thread(target=make, daemon=True)
    thread.start()
    try:
        while True:
            item, error = made.get()
            if isinstance(error, StopIteration):
                return
            if error is not None:
                raise error
            free.release()
            yield item
            del item  # or it would stay in memory until the next item is there
    finally:
        stopped.set()
        free.release()
        if not sys.is_finalizing():  # then it never runs again, and Python 3.13 would wait for ever
            thread.join()
