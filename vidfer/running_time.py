"""Time for limits, which a process that stands still does not use up."""

from __future__ import annotations

import time
from collections.abc import Callable

LONGEST_STEP_S = 5.0
"""More than this does not count between two calls, seconds. Whoever waits calls every second or so."""


class RunningTime:
    """Counts the seconds in which this process ran, from 0.

    A process can stand still for hours: after Ctrl-Z, while a queue of jobs suspends it, in a paused virtual
    machine. The work that it waits for mostly stands still as well, and has not taken too long because of it.

    Args:
        clock: gives the seconds since some fixed moment.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._last, self._running_s = clock, clock(), 0.0

    def __call__(self) -> float:
        """Seconds until now. Of the time since the last call, at most ``LONGEST_STEP_S`` count."""
        now = self._clock()
        self._running_s += min(now - self._last, LONGEST_STEP_S)
        self._last = now
        return self._running_s
