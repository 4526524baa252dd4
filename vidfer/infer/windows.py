"""Pieces of film of one person: which frames the network sees, and what its answers say about each frame."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from vidfer.infer.settings import WindowSettings

SLACK = 1e-6


class PersonWindows:
    """The pieces of film, or windows, that show one person.

    Time is divided into slots, whose middles are a slot apart, from the first frame of the film on. Each slot
    in which the person is seen gives one frame, the one nearest to its middle. Window k has its middle k
    steps after the first frame, and consists of consecutive slots. So neighbouring windows share frames, and
    each frame is cut out once.
    """

    def __init__(self, settings: WindowSettings, start_s: float) -> None:
        """``start_s``: time of the first frame of the film."""
        self.settings, self.start_s = settings, start_s
        self._off_s: dict[int, float] = {}
        self._crops: dict[int, np.ndarray] = {}
        self._answers: dict[int, np.ndarray] = {}
        self._next = 0

    def state(self) -> dict:
        """What :meth:`restore` needs to go on from here."""
        return {name: getattr(self, name) for name in ("_off_s", "_crops", "_answers", "_next")}

    def restore(self, state: dict) -> None:
        """Go on from a state."""
        self.__dict__.update(state)

    def see(self, times_s: np.ndarray, there: np.ndarray, cut: Callable[[int], np.ndarray]) -> None:
        """Take frames for the slots.

        Args:
            times_s: (n,) of the next frames.
            there: (n,) bool, whether the person is seen.
            cut: gives the crops (3,3,S,S) of one of these frames.
        """
        places = np.flatnonzero(there)
        since = (times_s[places] - self.start_s) / self.settings.slot_s
        slots = np.floor(since + 0.5 + SLACK).astype(int)
        off_s = np.abs(since - slots)
        for slot in np.unique(slots).tolist():
            mine = np.flatnonzero(slots == slot)
            best = mine[off_s[mine].argmin()]
            if off_s[best] < self._off_s.get(slot, math.inf):
                self._off_s[slot] = float(off_s[best])
                self._crops[slot] = cut(int(places[best]))

    def complete(self, until_s: float) -> list[tuple[int, np.ndarray, np.ndarray]]:
        """The windows that are complete at a time of the film, each once, in order.

        Returns:
            (number of the window, crops uint8 (T,3,3,S,S), mask bool (T,)) of each window with a face.
        """
        settings, windows = self.settings, []
        if not self._crops:
            return []
        # The first window that may hold the first slot.
        self._next = max(self._next, self._first_with(min(self._crops)))
        while True:
            first = self._first_slot(self._next)
            end_s = self.start_s + (first + settings.frames - 0.5) * settings.slot_s
            if end_s > until_s or first > max(self._crops):
                break
            slots = range(first, first + settings.frames)
            mask = np.array([slot in self._crops for slot in slots])
            if mask.any():
                empty = np.zeros_like(next(iter(self._crops.values())))
                windows.append((self._next, np.stack([self._crops.get(slot, empty) for slot in slots]), mask))
            self._next += 1
        if math.isfinite(until_s):
            oldest = self._first_slot(self._next)
            for slot in [slot for slot in self._crops if slot < oldest]:
                del self._crops[slot], self._off_s[slot]
        return windows

    def answer(self, window: int, probabilities: np.ndarray) -> None:
        """Keep the answer (C,) for a window."""
        self._answers[window] = probabilities

    def at(self, time_s: float) -> np.ndarray:
        """The answer (C,) for a frame at which the person is seen: the mean of the answers of near windows.

        Its weights fall linearly with the distance in time (a triangular kernel, half as wide as
        ``reach_s``).
        """
        since = (time_s - self.start_s) / self.settings.step_s
        reach = self.settings.reach_s / self.settings.step_s
        near = range(math.ceil(since - reach - SLACK), math.floor(since + reach + SLACK) + 1)
        found = [(1 - abs(k - since) / reach + SLACK, self._answers[k]) for k in near if k in self._answers]
        weights = np.maximum([weight for weight, _ in found], SLACK)
        return np.average([answer for _, answer in found], axis=0, weights=weights).astype(np.float32)

    def forget(self, before_s: float) -> None:
        """Forget answers that count for no frame at or after a time."""
        least = (before_s - self.settings.reach_s - self.start_s) / self.settings.step_s - 1
        for window in [window for window in self._answers if window < least]:
            del self._answers[window]

    def _first_slot(self, window: int) -> int:
        """The first slot of a window."""
        settings = self.settings
        begin = window * settings.step_s - settings.window_s / 2 + settings.slot_s / 2
        return math.floor(begin / settings.slot_s + 0.5 + SLACK)

    def _first_with(self, slot: int) -> int:
        """The first window, from 0, that may hold a slot."""
        settings = self.settings
        return max(0, math.floor((slot * settings.slot_s - settings.window_s / 2) / settings.step_s) - 1)
