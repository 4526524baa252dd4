"""Measure how long the device of the network waits for data."""

from __future__ import annotations

import time

import torch


class Stopwatch:
    """Measures the seconds of waiting and all seconds, with the clock of the device.

    An accelerator works through a queue, so the clock of the host would count work of the device as waiting.
    On an accelerator a mark is therefore an event in the queue. The wait for a batch is the time from the end
    of one step to the start of the next: what fetching and copying take, unless it is hidden by other work.
    Only :meth:`read` makes the host wait for the device.

    This is not :mod:`vidfer.timing`, which times stages in threads of the host.

    Args:
        device: that computes. CUDA and XPU have events; for any other device the host's clock is used.
        waited_s, spent_s: seconds from before a resume, to add to.

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
        """Mark this moment: in turn before waiting for a batch, and when the batch has come."""
        if not self.has_events:
            self._marks.append(time.perf_counter())
            return
        event = torch.get_device_module(self.device).Event(enable_timing=True)
        event.record()
        self._marks.append(event)

    def read(self) -> tuple[float, float]:
        """Seconds waited and all seconds up to the last mark. The time until the next mark does not count."""
        if self.has_events and self._marks:
            self._marks[-1].synchronize()
        gaps = [self._seconds(*pair) for pair in zip(self._marks, self._marks[1:])]
        self.waited_s += sum(gaps[::2])
        self.spent_s += sum(gaps)
        self._marks.clear()
        return self.waited_s, self.spent_s

    def _seconds(self, start, end) -> float:
        """Seconds between two marks."""
        return start.elapsed_time(end) / 1000 if self.has_events else end - start
