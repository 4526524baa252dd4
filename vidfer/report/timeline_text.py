"""The timeline of each person as a line of letters, for the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby, pairwise

import numpy as np

from vidfer.infer.moment import UNSURE
from vidfer.infer.totals import LEAST_SHARE
from vidfer.percent import percent
from vidfer.report.expression_colours import (
    NONE_OF_THESE,
    colours_of,
    ink_on,
    letters_of,
    rgb_of,
)
from vidfer.report.person_timeline import PersonTimeline, Timelines
from vidfer.report.time_text import hours, length
from vidfer.terminal import terminal_text

MOST_PEOPLE = 8
"""More people than these get no line of their own."""
LEAST_CELLS = 10
TOLD = 3
"""So many labels of a person are told with their share."""
MARK_EVERY = 12
"""At least so many cells from one time mark to the next."""
MARKS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400)
GREY = "\x1b[90m"
PLAIN = "\x1b[0m"


def timeline_text(
    name: str,
    lines: Timelines,
    *,
    width: int = 80,
    colour: bool = False,
    unicode: bool = True,
) -> str:
    """A line for each person: over time the letter of the label, a dot for unsure, a space where not seen.

    Args:
        name: of the input.
        lines: its people, from :func:`vidfer.report.person_timeline.build_timelines`.
        width: columns of the terminal; no line is longer as long as it has 40 or more.
        colour: whether letters get the colours of their expressions, by ANSI escapes.
        unicode: whether the terminal shows other letters than ASCII.
    """
    signs = letters_of(lines.classes) | {UNSURE: "\u00b7" if unicode else ".", NONE_OF_THESE: "-"}
    colours = colours_of(lines.classes) if colour else {}
    bar = "\u2502" if unicode else "|"
    title = terminal_text(f"{name}  {length(lines.start_s)} to {length(lines.end_s)}")
    if not lines.people:
        return _plain(f"{title}: no face", width, unicode)
    people = sorted(lines.people.values(), key=lambda person: (-person.n_frames, person.face_id))
    shown = sorted(people[:MOST_PEOPLE], key=lambda person: person.face_id)
    heads = [f"  face {person.face_id} " for person in shown]
    head = max(map(len, heads))
    tells = [_told(person, lines.classes) for person in shown]
    room = width - head - 3
    beside = max(map(len, tells)) + 1
    cells = room - beside if room - beside >= 2 * LEAST_CELLS else room
    cells = max(LEAST_CELLS, min(cells, 4 * lines.n_steps))
    text = [_plain(title, width, unicode)]
    for person, start, told in zip(shown, heads, tells):
        row = _row(person, lines, cells)
        drawn = "".join(_cell(label, signs, colours, len([*run])) for label, run in groupby(row))
        text.append(f"{start:<{head}}{bar}{drawn}{bar}" + (f" {told}" if room > cells + beside - 1 else ""))
        if not room > cells + beside - 1:
            text.append(_plain(" " * head + " " + told, width, unicode))
    text.append(" " * head + _marks(lines, cells, unicode))
    told = {label for person in shown for label in person.shares}
    legend = [_cell(label, signs, colours) + " " + terminal_text(label) for label in signs if label in told]
    text.append("  " + "  ".join(legend))
    if len(people) > len(shown):
        text.append(f"  and {len(people) - len(shown)} more people, seen for shorter")
    return "\n".join(text if unicode else map(_ascii, text))


def _told(person: PersonTimeline, classes: Sequence[str]) -> str:
    """The shares of the most frequent labels; of who is mostly unsure also the likeliest expression."""
    shares = [(label, share) for label, share in person.shares.items() if share > LEAST_SHARE][:TOLD]
    told = ", ".join(f"{terminal_text(label)} {percent(share)}" for label, share in shares)
    if person.shares.get(UNSURE, 0.0) > 0.5:
        means = person.sums.sum(0) / max(1, person.counts.sum())
        told += f"; likeliest: {terminal_text(classes[int(means.argmax())])}, {percent(means.max())}"
    return told


def _row(person: PersonTimeline, lines: Timelines, cells: int) -> list[str]:
    """The label of each cell: the one with most frames; empty where the person is not seen."""
    edges = np.linspace(0, lines.n_steps, cells + 1)
    row = []
    for begin, end in pairwise(edges):
        first = int(np.floor(begin + 1e-9))
        last = max(first + 1, int(np.ceil(end - 1e-9)))
        found = person.counts[max(0, first - person.first) : max(0, last - person.first)].sum(0)
        row.append(person.labels[int(found.argmax())] if found.any() else "")
    return row


def _cell(label: str, signs: dict[str, str], colours: dict[str, str], times: int = 1) -> str:
    if not label:
        return " " * times
    letters = signs[label] * times
    if not colours:
        return letters
    if label == UNSURE:
        return f"{GREY}{letters}{PLAIN}"
    ink = 16 if ink_on(colours[label]) == "#000000" else 231
    return f"\x1b[38;5;{ink};48;5;{_nearest(colours[label])}m{letters}{PLAIN}"


def _nearest(colour: str) -> int:
    """The nearest of the 216 colours of terminals: 6 steps each of red, green and blue."""
    levels = np.array((0, 95, 135, 175, 215, 255))
    red, green, blue = (int(np.abs(levels - part).argmin()) for part in rgb_of(colour))
    return 16 + 36 * red + 6 * green + blue


def _marks(lines: Timelines, cells: int, unicode: bool) -> str:
    """Times below the cells to which they belong."""
    length_s = lines.n_steps * lines.step_s
    every_s = next((s for s in MARKS_S if s / length_s * cells >= MARK_EVERY), MARKS_S[-1])
    row = [" "] * (cells + 2)
    first = int(np.ceil(lines.start_s / every_s - 1e-9)) * every_s
    for time_s in np.arange(first, lines.start_s + length_s, every_s):
        place = 1 + int((time_s - lines.start_s) / length_s * cells)
        mark = ("\u2514" if unicode else "'") + hours(time_s)
        if place + len(mark) <= len(row):
            row[place : place + len(mark)] = mark
    return "".join(row).rstrip()


def _plain(text: str, width: int, unicode: bool) -> str:
    text = text if len(text) <= max(width, 20) else text[: max(width, 20) - 3] + "..."
    return text if unicode else _ascii(text)


def _ascii(text: str) -> str:
    return text.encode("ascii", "replace").decode()
