"""Making the next items of an iterator while the last ones are used."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from typing import TypeVar

Item = TypeVar("Item")


def ahead(items: Iterator[Item], n: int = 2) -> Iterator[Item]:
    """The same items, made in a thread of their own.

    What ``items`` raises is raised here in its place. When the caller stops early, the thread ends with the
    item that it is making, and a generator is closed. It pays where making and using release the GIL:
    decoding, OpenCV, networks, JPEG, files.

    Args:
        items: what to make; used by that thread only.
        n: at most so many items are finished or in the making, beside the one in use.
    """
    room, made, stopped = threading.Semaphore(n), queue.SimpleQueue(), threading.Event()

    def make() -> None:
        try:
            iterator = iter(items)
            while True:
                room.acquire()
                if stopped.is_set():
                    break
                made.put((next(iterator), None))
        except BaseException as error:  # whatever it is, it belongs to who asked for the items
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
            room.release()
            yield item
            del item  # it would live on until the next one is there
    finally:
        stopped.set()
        room.release()
        thread.join()
