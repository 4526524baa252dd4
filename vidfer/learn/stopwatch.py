"""How long the network's device waits for data."""

from __future__ import annotations

import time

import torch


class Stopwatch:
    """Seconds of waiting among all seconds, on the device's own clock.

    Work on an accelerator is only queued, so a clock on the host would count as waiting what the device still
    computes. There every moment is an event in the queue, and the wait for a batch is the time between the
    end of one step's work and the start of the next one's: fetching and copying as far as nothing hides it.
    The host waits for the device in :meth:`read` alone.

    Args:
        device: that computes; CUDA and XPU have events, any other is timed by the host's clock.
        waited_s, spent_s: to go on from.

    Example:
        >>> watch = Stopwatch("cpu")
        >>> watch.mark(); watch.mark(); watch.mark()  # before a wait, after it, and after the step
        >>> waited_s, spent_s = watch.read()
        >>> 0 <= waited_s <= spent_s
        True
    """

    def __init__(self, device: torch.device | str, waited_s: float = 0.0, spent_s: float = 0.0) -> None:
        self.device = torch.device(device)
        self.has_events = self.device.type in ("cuda", "xpu")
        self.waited_s, self.spent_s = waited_s, spent_s
        self._marks: list = []

    def mark(self) -> None:
        """Notes the moment: by turns before a batch is waited for, and when it has come."""
        if not self.has_events:
            self._marks.append(time.perf_counter())
            return
        event = torch.get_device_module(self.device).Event(enable_timing=True)
        event.record()
        self._marks.append(event)

    def read(self) -> tuple[float, float]:
        """Seconds waited and seconds spent up to the last mark; what comes before the next one counts not."""
        if self.has_events and self._marks:
            self._marks[-1].synchronize()
        gaps = [self._seconds(*pair) for pair in zip(self._marks, self._marks[1:])]
        self.waited_s += sum(gaps[::2])
        self.spent_s += sum(gaps)
        self._marks.clear()
        return self.waited_s, self.spent_s

    def _seconds(self, start, end) -> float:
        """Between two marks, of whichever kind."""
        return start.elapsed_time(end) / 1000 if self.has_events else end - start
