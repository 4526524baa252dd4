"""How long each stage of a work takes, wherever in the code and in whichever thread it is done."""

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
def stage(name: str) -> Iterator[None]:
    """Count the time of this block as that of a stage, and not as that of a stage around it."""
    stack = _thread.__dict__.setdefault("stack", [])
    now = time.perf_counter()
    if stack:
        _count(*stack[-1], now)
    stack.append([name, now])
    try:
        yield
    finally:
        now = time.perf_counter()
        _count(*stack.pop(), now)
        if stack:
            stack[-1][1] = now


def each_in(name: str, items: Iterator[Item]) -> Iterator[Item]:
    """The same items, with the time that it takes to make each counted as that of a stage."""
    end = object()
    while True:
        with stage(name):
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


def _count(name: str, begin: float, end: float) -> None:
    with _lock:
        _seconds[name] = _seconds.get(name, 0.0) + end - begin
