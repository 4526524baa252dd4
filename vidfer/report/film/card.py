"""The card of a person below the picture: label, bars of all probabilities, and their last seconds."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import groupby
from typing import TypeVar

import cv2
import numpy as np

from vidfer.infer.moment import UNSURE, Moment
from vidfer.report.expression_colours import UNSURE_COLOUR, rgb_of
from vidfer.report.film.lettering import width_of, write
from vidfer.report.person_timeline import percent

POINTS = 240
"""The curve has at most so many points."""
PAPER, TRACK, INK, QUIET, WARN = (27, 30, 36), (50, 55, 64), (236, 238, 242), (150, 157, 168), (240, 190, 90)
FAINT, FIELD = (112, 119, 131), (20, 22, 27)
BARS_WIDTH = 14
"""Length of the longest bar in heights of letters, where there is room."""
HEAD = 1.2
"""Where the first line stands, in heights of letters."""
PART = 16
"""Curves are drawn to 1/16 pixel."""

Share = TypeVar("Share", float, np.ndarray)


class Card:
    """Draws one card again and again; it remembers the last seconds of its person.

    Args:
        size: width and height in pixels.
        classes: the expressions that are shown.
        colours: ``#rrggbb`` of each label.
        size_px: height of the letters.
        threshold: below this probability the label is ``unsure``; None if there is none.
        span_s: the curve shows so many seconds.
        break_s: it breaks where the person is not seen for longer, in seconds.
    """

    def __init__(
        self,
        size: tuple[int, int],
        classes: Sequence[str],
        colours: dict[str, str],
        size_px: int,
        threshold: float | None,
        span_s: float,
        break_s: float,
    ) -> None:
        self.span_s, self.break_s = span_s, break_s
        self.classes, self.size_px, self.threshold = tuple(classes), size_px, threshold
        self.colours = {name: rgb_of(colour) for name, colour in colours.items()}
        self.width, self.height = size
        unit = self.unit = size_px
        names = [name.replace("_", " ") for name in classes]
        self.names_px = min(max(width_of(name, unit) for name in names), round(0.3 * self.width))
        self.left, self.top = round(0.8 * unit), round(2.7 * unit)
        self.row_px = (self.height - self.top - 0.7 * unit) / len(classes)
        self.bars = self.left + self.names_px + round(0.6 * unit)
        numbers_px = width_of("100", unit) + round(0.4 * unit)
        curve = min(round(0.52 * self.width), self.bars + BARS_WIDTH * unit + numbers_px + unit)
        self.curve = curve, self.top, self.width - round(0.8 * unit), self.height - round(0.8 * unit)
        self.bars_px = max(2 * unit, self.curve[0] - unit - numbers_px - self.bars)
        self.ground = self._ground(names)
        self.points: deque[tuple[float, np.ndarray, str]] = deque()
        """Time, rows of the probabilities in the curve, and label."""

    def forget(self) -> None:
        """Begin with another person."""
        self.points.clear()

    def add(self, moment: Moment) -> None:
        """Take up what the person shows now."""
        shares = np.array([moment.probabilities.get(name, np.nan) for name in self.classes])
        point = moment.time_s, self._height(shares), moment.label
        if len(self.points) > 1 and point[0] - self.points[-2][0] < self.span_s / POINTS:
            self.points.pop()  # the latest one stays until it is far enough from the one before
        self.points.append(point)

    def draw(self, image: np.ndarray, time_s: float, moment: Moment | None) -> None:
        """Draw the card into ``image`` (height, width, 3); ``moment`` is None while the person is not
        seen."""
        image[:] = self.ground
        while self.points and self.points[0][0] < time_s - self.span_s:
            self.points.popleft()
        if moment is not None:
            self._head(image, moment)
            self._bars(image, moment)
        self._curve(image, time_s, moment.label if moment else None)

    def title(self, image: np.ndarray, face_id: int, is_seen: bool) -> None:
        """Write whose card it is."""
        place = self.left, HEAD * self.unit
        write(image, f"face {face_id}", place, self.unit, INK if is_seen else QUIET)
        if not is_seen:
            write(image, "not seen", (self.width - self.left, place[1]), self.unit, QUIET, anchor="right")

    def _ground(self, names: Sequence[str]) -> np.ndarray:
        image = np.full((self.height, self.width, 3), PAPER, np.uint8)
        image[:, -1] = image[0] = TRACK
        for place, name in enumerate(names):
            y = self.top + (place + 0.5) * self.row_px
            end = self.left + self.names_px, y
            write(image, name, end, self.unit, QUIET, anchor="right", width_px=self.names_px)
            self._bar(image, place, 1.0, TRACK)
        x1, y1, x2, y2 = self.curve
        cv2.rectangle(image, (x1, y1), (x2, y2), FIELD, -1)
        for share in (0.0, 0.5, 1.0):
            y = round(self._height(share))
            image[y, x1:x2] = TRACK
        small, place = round(0.8 * self.unit), (x1, y1 - 0.55 * self.unit)
        write(image, f"last {max(1, round(self.span_s))} s", place, small, FAINT)
        return image

    def _head(self, image: np.ndarray, moment: Moment) -> None:
        y, large = HEAD * self.unit, round(1.35 * self.unit)
        x = self.left + width_of(f"face {moment.face_id}", self.unit) + self.unit
        label = f"{moment.label.replace('_', ' ')}  {percent(moment)}".rstrip()
        colour = self.colours.get(moment.label, rgb_of(UNSURE_COLOUR))
        room = self.width - self.left - x
        x += write(image, label, (x, y), large, colour, bold=True, width_px=room) + self.unit
        if moment.warnings and self.width - self.left - x > 4 * self.unit:
            words = "! " + ", ".join(moment.warnings)
            end = self.width - self.left, y
            write(image, words, end, self.unit, WARN, anchor="right", width_px=self.width - self.left - x)

    def _bars(self, image: np.ndarray, moment: Moment) -> None:
        for place, name in enumerate(self.classes):
            share = moment.probabilities.get(name)
            if share is None:
                continue
            is_told = name == moment.label
            self._bar(image, place, share, self.colours[name])
            end = self.bars + self.bars_px + 0.3 * self.unit, self.top + (place + 0.5) * self.row_px
            write(image, f"{100 * share:.0f}", end, self.unit, INK if is_told else QUIET, bold=is_told)
        if self.threshold:
            x = round(self.bars + self.bars_px * self.threshold)
            image[self.top : self.height - round(0.7 * self.unit), x] = QUIET

    def _bar(self, image: np.ndarray, place: int, share: float, colour: tuple[int, int, int]) -> None:
        y1 = round(self.top + (place + 0.22) * self.row_px)
        y2 = max(y1 + 1, round(self.top + (place + 0.78) * self.row_px))
        image[y1:y2, self.bars : self.bars + round(self.bars_px * min(1.0, share))] = colour

    def _height(self, share: Share) -> Share:
        """The row of a probability, or of several, in the curve. Below it is the ribbon of labels."""
        ribbon = self.curve[3] - 0.5 * self.unit
        return ribbon - 2 - (ribbon - 4 - self.curve[1]) * share

    def _curve(self, image: np.ndarray, time_s: float, label: str | None) -> None:
        if not self.points:
            return
        x1, _, x2, y2 = self.curve
        times = np.array([point[0] for point in self.points])
        labels = [point[2] for point in self.points]
        x = x2 - (time_s - times) / self.span_s * (x2 - x1)
        y = np.array([heights for _, heights, _ in self.points])
        # (points, classes, 2) in parts of a pixel
        lines = np.round(PART * np.stack(np.broadcast_arrays(x[:, None], y), 2))
        is_told = ~np.isnan(y)
        lines = np.where(is_told[..., None], lines, 0).astype(np.int32)
        parts = np.split(np.arange(len(x)), np.flatnonzero(np.diff(times) > self.break_s) + 1)
        order = sorted(range(len(self.classes)), key=lambda place: self.classes[place] == label)
        for part in parts:
            first, last = part[0], part[-1] + 1
            for place in order:
                if not is_told[first:last, place].all():
                    continue
                name = self.classes[place]
                thick = max(1, round(self.unit / (6 if name == label else 11)))
                line = np.ascontiguousarray(lines[first:last, place])
                cv2.polylines(image, [line], False, self.colours[name], thick, cv2.LINE_AA, 4)
            edges = np.append(x[part], x[part][-1] + 1 + (x2 - x1) * 0.04 / self.span_s)
            for name, same in groupby(range(len(part)), key=lambda i: labels[part[i]]):
                run = [*same]
                colour = self.colours.get(name, rgb_of(UNSURE_COLOUR))
                ends = round(float(edges[run[0]])), min(x2, round(float(edges[run[-1] + 1])))
                high = (0.13 if name == UNSURE else 0.4) * self.unit
                image[round(y2 - high) : y2, max(x1, ends[0]) : ends[1]] = colour
