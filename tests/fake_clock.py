"""A clock that tests move on themselves, so that no test depends on how busy the machine is."""

from __future__ import annotations

import threading
import time

import pytest


class FakeClock:
    """Takes the place of ``time.perf_counter``; every thread has a time of its own, which begins at 0."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._of_thread = threading.local()
        monkeypatch.setattr(time, "perf_counter", self)

    def __call__(self) -> float:
        return getattr(self._of_thread, "now_s", 0.0)

    def advance(self, seconds: float) -> None:
        self._of_thread.now_s = self() + seconds
