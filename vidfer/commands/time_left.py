"""How long a training run still takes."""

from __future__ import annotations

import time

from vidfer.commands.progress_lines import duration_text

LEAST_S = 60.0
"""A shorter rest is not worth a word."""


class TimeLeft:
    """Tells after each epoch how long all others take, if they take as long as those of this start."""

    def __init__(self, n_epochs: int) -> None:
        """
        Args:
            n_epochs: how many are still to do.
        """
        self._n_epochs, self._done = n_epochs, 0
        self._begin_s = time.perf_counter()

    def text(self) -> str:
        """One more epoch is done: ``; 8 min 3 s left``, or nothing where less than a minute is left."""
        self._done += 1
        took_s = time.perf_counter() - self._begin_s
        left_s = took_s / self._done * (self._n_epochs - self._done)
        return f"; {duration_text(left_s)} left" if left_s >= LEAST_S else ""
