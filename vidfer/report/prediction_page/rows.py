"""The timeline of a person as rows of an SVG: probabilities, labels, gaps and warnings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from vidfer.infer.moment import UNSURE
from vidfer.report.person_timeline import PersonTimeline, Timelines
from vidfer.report.time_text import clock, hours

COLUMNS = 300
"""A row has at most so many columns."""
WIDE = 1000
"""The width of a row in its own units; on the page it is stretched."""
RIBBON = 120
"""Columns of the line in the overview."""
HIGH = 60
"""The height of the probabilities in its own units."""
SHORT_S = 150.0
"""A film up to this length, in seconds, has one row."""
ROW_S = (60, 120, 300, 600, 900, 1800, 3600, 7200)
"""A longer film has rows of one of these lengths: the first that gives at most :data:`MOST_ROWS`."""
MOST_ROWS = 12
TICKS_S = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200)
MOST_TICKS = 7


@dataclass(frozen=True)
class Span:
    """A piece of a row, in its own units, that has one meaning."""

    x: int
    width: int
    label: str
    """Empty where the person is not seen."""
    text: str
    """What it says when a reader points at it."""


@dataclass(frozen=True)
class Area:
    """The probability of one expression, from the base to its upper edge in the stack."""

    label: str
    path: str


@dataclass(frozen=True)
class Row:
    """A part of the film."""

    start_s: float
    end_s: float
    areas: tuple[Area, ...]
    """From the back to the front: each covers the lower part of those before it."""
    spans: tuple[Span, ...]
    warnings: tuple[Span, ...]
    ticks: tuple[tuple[float, str], ...]
    """Place in per cent, and the time."""


def build_rows(person: PersonTimeline, lines: Timelines) -> list[Row]:
    """The rows of a film in which a person is seen."""
    length_s = lines.n_steps * lines.step_s
    row_s = length_s
    if length_s > SHORT_S:
        row_s = next((s for s in ROW_S if length_s / s <= MOST_ROWS), length_s / MOST_ROWS)
    rows = []
    for number in range(int(np.ceil(length_s / row_s - 1e-9))):
        begin, end = (round(edge * row_s / lines.step_s) for edge in (number, number + 1))
        end = end if row_s < length_s else lines.n_steps
        if np.any(_part(person.counts, person, begin, end)):
            rows.append(_row(person, lines, begin, end))
    return rows


def build_ribbon(person: PersonTimeline, lines: Timelines) -> list[tuple[str, str]]:
    """The labels of the whole film in one thin line: each label, and a path of :data:`RIBBON` by 1."""
    edges = np.linspace(0, lines.n_steps, min(RIBBON, lines.n_steps) + 1).round().astype(int)
    counts = np.add.reduceat(_part(person.counts, person, 0, lines.n_steps), edges[:-1], axis=0)
    x = np.linspace(0, RIBBON, len(edges)).round(1)
    labels = [person.labels[int(row.argmax())] if row.any() else "" for row in counts]
    paths: dict[str, str] = {}
    for label, run in groupby(range(len(labels)), labels.__getitem__):
        run = [*run]
        if label:
            first, width = x[run[0]], x[run[-1] + 1] - x[run[0]]
            paths[label] = paths.get(label, "") + f"M{first:g} 0h{width:g}v1h-{width:g}z"
    return [*paths.items()]


def _part(values: np.ndarray, person: PersonTimeline, begin: int, end: int) -> np.ndarray:
    """The values of some steps of the film; zero where the person is not seen."""
    part = np.zeros((end - begin, *values.shape[1:]), values.dtype)
    first, last = max(begin, person.first), min(end, person.first + len(values))
    if last > first:
        part[first - begin : last - begin] = values[first - person.first : last - person.first]
    return part


def _row(person: PersonTimeline, lines: Timelines, begin: int, end: int) -> Row:
    n = min(COLUMNS, end - begin)
    edges = np.round(np.linspace(0, end - begin, n + 1)).astype(int)
    counts, sums, warned = (
        np.add.reduceat(_part(values, person, begin, end), edges[:-1], axis=0)
        for values in (person.counts, person.sums, person.warned)
    )
    seen = counts.sum(1)
    x = np.round(edges / (end - begin) * WIDE).astype(int)
    start_s = lines.start_s + begin * lines.step_s
    times_s = lines.start_s + (begin + edges) * lines.step_s
    shares = sums / np.maximum(1, seen)[:, None]
    labels = [person.labels[int(row.argmax())] if row.any() else "" for row in counts]
    return Row(
        start_s=start_s,
        end_s=float(times_s[-1]),
        areas=tuple(_areas(lines.classes, shares, seen > 0, x)),
        spans=tuple(_spans(labels, shares, x, times_s)),
        warnings=tuple(_warned(warned, seen, x, times_s)),
        ticks=tuple(_ticks(start_s, float(times_s[-1]))),
    )


def _areas(classes: Sequence[str], shares: np.ndarray, seen: np.ndarray, x: np.ndarray) -> Iterator[Area]:
    tops = np.round(HIGH * (1 - np.minimum(1, shares.cumsum(1)))).astype(int)
    runs = [list(run) for is_seen, run in groupby(range(len(seen)), seen.__getitem__) if is_seen]
    for place in reversed(range(len(classes))):
        path = []
        for run in runs:
            path.append(f"M{x[run[0]]} {HIGH}")
            for top, columns in groupby(run, tops[:, place].__getitem__):
                path.append(f"V{top}H{x[[*columns][-1] + 1]}")
            path.append(f"V{HIGH}z")
        yield Area(classes[place], "".join(path))


def _spans(labels: Sequence[str], shares: np.ndarray, x: np.ndarray, times_s: np.ndarray) -> Iterator[Span]:
    for label, run in groupby(range(len(labels)), labels.__getitem__):
        run = [*run]
        first, last = run[0], run[-1] + 1
        when = f"{clock(times_s[first])} to {clock(times_s[last])}"
        sure = "" if not label else f"; highest mean probability {100 * shares[run].mean(0).max():.0f} %"
        yield Span(int(x[first]), int(x[last] - x[first]), label, f"{label or 'not seen'}, {when}{sure}")


def _warned(warned: np.ndarray, seen: np.ndarray, x: np.ndarray, times_s: np.ndarray) -> Iterator[Span]:
    """Where more than half of the frames have a warning."""
    is_warned = 2 * warned > np.maximum(1, seen)
    for bad, run in groupby(range(len(warned)), is_warned.__getitem__):
        run = [*run]
        if bad:
            first, last = run[0], run[-1] + 1
            words = f"warning, {clock(times_s[first])} to {clock(times_s[last])}"
            yield Span(int(x[first]), max(1, int(x[last] - x[first])), UNSURE, words)


def _ticks(start_s: float, end_s: float) -> Iterator[tuple[float, str]]:
    length_s = end_s - start_s
    every_s = next((s for s in TICKS_S if length_s / s <= MOST_TICKS), TICKS_S[-1])
    # A row begins with a whole step, which may be a little later than the mark that belongs to its beginning.
    for number in range(int(np.ceil(start_s / every_s - 0.02)), int(end_s / every_s + 1e-6) + 1):
        time_s = number * every_s
        place = max(0.0, 100 * (time_s - start_s) / length_s)
        if place <= 97:
            yield round(place, 2), clock(time_s) if every_s < 1 else hours(time_s + 1e-6)
