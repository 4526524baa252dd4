"""Times and the frame numbers of Label Studio.

Label Studio knows no times, and no real frames either: it multiplies the time of the browser's player by the
``frameRate`` of the tag ``<Video>`` (24 if none is given) and counts from 1. Number ``k`` stands for the time
from ``(k - 1) / rate`` to ``k / rate``, whatever frames the file has there (``goToFrame`` and ``updateFrame``
in VideoCanvas.tsx of its editor, Label Studio 1.23.2). A range includes its last number (``useLoopRange``).
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

USUAL_RATE = 25.0
"""Numbers per second where no frame times are known."""

HIGHEST_RATE = 120.0
"""Numbers per second; with more, a second is wider than a screen in Label Studio."""

ROUNDED_S = 2e-3
"""Containers round times to a millisecond, up or down."""


@dataclass(frozen=True, kw_only=True)
class FrameClock:
    """Turns seconds into Label Studio's numbers, and numbers into seconds."""

    rate: float
    """Numbers per second."""
    times_s: tuple[float, ...] = ()
    """Ascending: numbers next to one of these become exactly this time. They are the times of frames where
    the frame rate varies, and ends of intervals that lie between two numbers."""

    def numbers(self, start_s: float, end_s: float) -> tuple[int, int]:
        """The first and the last number of a stretch of time; at least one number long."""
        first = math.floor(start_s * self.rate + 0.5) + 1
        return first, max(first, math.floor(end_s * self.rate + 0.5))

    def seconds(self, first: int, last: int) -> tuple[float, float]:
        """The stretch of time that the numbers from ``first`` to ``last`` stand for."""
        return self._nearest((first - 1) / self.rate), self._nearest(last / self.rate)

    def knowing(self, times_s: Iterable[float]) -> FrameClock:
        """A clock that gives back these times exactly, too."""
        lost = {t for t in times_s if self._nearest(math.floor(t * self.rate + 0.5) / self.rate) != t}
        return replace(self, times_s=tuple(sorted({*self.times_s, *lost})))

    def _nearest(self, time_s: float) -> float:
        """The frame time next to a time, if it is not farther than half a number."""
        place = bisect.bisect_left(self.times_s, time_s)
        near = min(self.times_s[max(place - 1, 0) : place + 1], key=lambda t: abs(t - time_s), default=time_s)
        return near if abs(near - time_s) <= 0.5 / self.rate + 1e-6 else time_s


def frame_clock(times_s: Sequence[float]) -> FrameClock:
    """The clock of a video.

    At a constant frame rate a number is a frame, and the first frame is 1; so it is where frames are missing
    from a constant rate. At any other variable rate there are as many numbers per second as the shortest gap
    between two frames asks for, at most :data:`HIGHEST_RATE`: so every frame has a number of its own, and the
    times come back exactly.

    Args:
        times_s: when each frame is shown, ascending, in seconds since the first frame.
    """
    if len(times_s) < 2:
        return FrameClock(rate=USUAL_RATE)
    lasted_s = times_s[-1] - times_s[0]
    gaps_s = sorted(b - a for a, b in pairwise(times_s) if b > a)
    if not gaps_s:
        return FrameClock(rate=USUAL_RATE)
    for steps in (len(times_s) - 1, round(lasted_s / gaps_s[0])):
        step_s = lasted_s / steps
        places = [round((t - times_s[0]) / step_s) for t in times_s]
        on_grid = all(abs(t - times_s[0] - n * step_s) < ROUNDED_S for n, t in zip(places, times_s))
        if on_grid and len({*places}) == len(places) and steps <= max(HIGHEST_RATE * lasted_s, len(places)):
            return FrameClock(rate=round(1 / step_s, 6))
    usual_s = gaps_s[len(gaps_s) // 2]
    # More than one number for the shortest gap: a time in the middle of two numbers belongs to neither.
    rate = min(math.floor(1 / gaps_s[0] + 1e-6) + 1, HIGHEST_RATE)
    known = tuple(round(float(t), 6) for t in (*times_s, times_s[-1] + usual_s))
    return FrameClock(rate=float(rate), times_s=known)
