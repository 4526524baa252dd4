"""Progress where standard error is no terminal: a line every half minute, as a log file can hold."""

from __future__ import annotations

import time
from collections.abc import Callable

EVERY_S = 30.0
"""Seconds between two lines."""


class ProgressLines:
    """Lines about work that is done piece by piece.

    Work that ends within half a minute has none; all other work also has a last line.
    """

    def __init__(
        self, what: str, unit: str, show: Callable[[str], None], *, unit_scale: bool = False
    ) -> None:
        """
        Args:
            what: the work, such as ``cropping``.
            unit: one piece of it, such as ``clip``.
            show: gets each line.
            unit_scale: large numbers as 12M.
        """
        self.what, self.unit, self.show, self.unit_scale = what, unit, show, unit_scale
        self._begin_s = self._shown_s = time.perf_counter()
        self._first: int | None = None
        self._done = self._total = 0

    def update(self, done: int, total: int, now: str = "") -> None:
        """So many are done, of so many; ``now``: what is being done."""
        if self._first is None:
            self._first = done
        self._done, self._total = done, total
        now_s = time.perf_counter()
        if now_s - self._shown_s >= EVERY_S:
            self._shown_s = now_s
            if done < total:  # all done: the last line says it
                self.show(f"{self._line(now_s)}; now {now}" if now else self._line(now_s))

    def close(self) -> None:
        """The last line, if there were lines."""
        if self._shown_s > self._begin_s:
            now_s = time.perf_counter()
            took = duration_text(now_s - self._begin_s)
            self.show(f"{self.what}: {self._count()} in {took}{self._rate_text(now_s)}")

    def _line(self, now_s: float) -> str:
        rate = self._rate(now_s)
        left = f", {duration_text((self._total - self._done) / rate)} left" if rate > 0 else ""
        return f"{self.what}: {self._count()}{self._rate_text(now_s)}{left}"

    def _count(self) -> str:
        number = _scaled if self.unit_scale else "{:,}".format
        done = number(self._done)
        if self._total != self._done:
            done += f" of {number(self._total)}"
        if self.unit_scale:
            return f"{done} {self.unit}"
        return f"{done} {self.unit if self._total == 1 else plural(self.unit)}"

    def _rate(self, now_s: float) -> float:
        """Pieces in a second. Those that were done before the start do not count."""
        return (self._done - (self._first or 0)) / (now_s - self._begin_s)

    def _rate_text(self, now_s: float) -> str:
        rate = self._rate(now_s)
        if rate <= 0:
            return ""
        if self.unit_scale:
            return f", {_scaled(rate)} {self.unit}/s"
        return f", {rate:,.1f} {plural(self.unit)}/s" if rate >= 1 else f", {1 / rate:,.1f} s/{self.unit}"


def _scaled(number: float) -> str:
    """A large number in thousands, millions or billions."""
    for sign in ("", "k", "M"):
        if number < 1000:
            return f"{number:.3g}{sign}"
        number /= 1000
    return f"{number:.3g}G"


def plural(unit: str) -> str:
    """``clips`` for ``clip``, ``batches`` for ``batch``."""
    return f"{unit}es" if unit.endswith("ch") else f"{unit}s"


def duration_text(seconds: float) -> str:
    """A time for people, in its two largest units.

    >>> duration_text(7384), duration_text(59.6), duration_text(3.2)
    ('2 h 3 min', '1 min 0 s', '3 s')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
