"""Count how many seconds each stage of a job takes, over all modules and threads of a process."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

Item = TypeVar("Item")

_lock = threading.Lock()
_seconds: dict[str, float] = {}
_thread = threading.local()


@contextmanager
def timed(stage: str) -> Iterator[None]:
    """Count the time of this block for a stage.

    Where blocks are nested, the time counts for the inner stage only.
    """
    stack = _thread.__dict__.setdefault("stack", [])
    now = time.perf_counter()
    if stack:
        _count(*stack[-1], now)
    stack.append([stage, now])
    try:
        yield
    finally:
        now = time.perf_counter()
        _count(*stack.pop(), now)
        if stack:
            stack[-1][1] = now


def iterate_timed(stage: str, items: Iterator[Item]) -> Iterator[Item]:
    """Give the same items, and count the time that making each of them takes for a stage."""
    end = object()
    while True:
        with timed(stage):
            item = next(items, end)
        if item is end:
            return
        yield item


def take_seconds() -> dict[str, float]:
    """Seconds of each stage in this process since the last call."""
    with _lock:
        taken = dict(_seconds)
        _seconds.clear()
    return taken


def _count(stage: str, begin: float, end: float) -> None:
    with _lock:
        _seconds[stage] = _seconds.get(stage, 0.0) + end - begin
