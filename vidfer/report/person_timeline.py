"""What each person of a film shows over time, in steps, so that a film of hours takes little memory."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count, groupby

import numpy as np

from vidfer.infer.moment import UNSURE, Moment
from vidfer.infer.prediction_folder import PredictionFolder
from vidfer.report.expression_colours import NONE_OF_THESE

FIRST_STEP_S = 0.04
"""Length of a step of a short film, in seconds."""
MOST_STEPS = 16384
"""A film that is longer than so many steps gets steps of twice the length; again and again."""
PEAKS = 3
"""So many peaks of an expression are kept for a person."""


@dataclass
class PersonTimeline:
    """One person of an input. The arrays have a row for each step from ``first`` on."""

    face_id: int
    labels: tuple[str, ...]
    """The expressions, ``unsure`` and ``none of these``: the columns of ``counts``."""
    first: int
    """The step in which the person is first seen."""
    counts: np.ndarray
    """int32 (k, labels): frames with each label. A frame that is shown for several steps counts in each."""
    sums: np.ndarray
    """float32 (k, expressions): the probabilities of these frames, summed."""
    warned: np.ndarray
    """int32 (k,): frames with a warning."""
    totals: np.ndarray
    """int64 (labels,): frames of the film with each label."""
    peaks: dict[str, list] = field(default_factory=dict)
    """For each label, (probability, number, moment) of the surest moments of its surest runs."""
    warnings: dict[str, int] = field(default_factory=dict)
    """In how many frames each warning stands."""
    run: Moment | None = None
    """The surest moment of the run of one label that goes on."""
    last: tuple[int, float] = (-2, 0.0)
    """Number and time of the last frame in which the person is seen."""

    @property
    def n_frames(self) -> int:
        """Frames in which the person is seen."""
        return int(self.totals.sum())

    @property
    def shares(self) -> dict[str, float]:
        """The share of each label in the frames in which the person is seen; 0..1, largest first."""
        total = self.totals / max(1, self.n_frames)
        return {self.labels[i]: float(total[i]) for i in np.argsort(-total, kind="stable") if total[i]}

    def best_moments(self) -> list[Moment]:
        """The peaks of all labels in order of time."""
        return sorted((peak[2] for peaks in self.peaks.values() for peak in peaks), key=lambda m: m.frame)


@dataclass
class Timelines:
    """All people of one input."""

    classes: tuple[str, ...]
    step_s: float
    start_s: float
    """Time of the first frame, in seconds since the first frame of the file."""
    end_s: float
    """Time of the last frame."""
    n_frames: int
    n_faceless: int
    """Frames in which nobody is seen."""
    people: dict[int, PersonTimeline]

    @property
    def n_steps(self) -> int:
        return self.step_of(self.end_s) + 1

    def step_of(self, time_s: float) -> int:
        """The step in which a time lies."""
        return int((time_s - self.start_s) / self.step_s + 1e-6)


def build_timelines(
    frames: Iterable[Sequence[Moment]], classes: Sequence[str], most_steps: int = MOST_STEPS
) -> Timelines:
    """Read the moments of one input, and keep what pages and the terminal show of them.

    Memory does not grow with the length of the film, only with the number of people.

    Args:
        frames: the moments of each frame, in order of time.
        classes: the expressions.
        most_steps: more steps are joined two by two.
    """
    lines = Timelines(tuple(classes), FIRST_STEP_S, 0.0, 0.0, 0, 0, {})
    labels = tuple(dict.fromkeys((*classes, UNSURE, NONE_OF_THESE)))
    column = {name: place for place, name in enumerate(labels)}
    number = count()
    for moments in frames:
        if not moments:
            continue
        time_s = moments[0].time_s
        if not lines.n_frames:
            lines.start_s = time_s
        lines.end_s, lines.n_frames = time_s, lines.n_frames + 1
        while lines.n_steps > most_steps:
            _join_steps(lines)
        step = lines.n_steps - 1
        lines.n_faceless += not any(moment.has_face for moment in moments)
        for moment in moments:
            if not moment.has_face:
                continue
            person = lines.people.get(moment.face_id)
            if person is None:
                person = lines.people[moment.face_id] = _new_person(
                    moment.face_id, labels, step, len(classes)
                )
            place = column.get(moment.label, column[UNSURE])
            _fill_steps(person, lines, step)
            row = step - person.first
            person.counts[row, place] += 1
            person.totals[place] += 1
            person.sums[row] += [moment.probabilities.get(name, 0.0) for name in classes]
            if moment.warnings:
                person.warned[row] += 1
                for warning in moment.warnings:
                    person.warnings[warning] = person.warnings.get(warning, 0) + 1
            person.last = lines.n_frames, time_s
            _watch_peak(person, moment, next(number))
    for person in lines.people.values():
        _end_run(person, next(number))
        rows = int(np.flatnonzero(person.counts.any(1))[-1]) + 1
        person.counts, person.sums, person.warned = (
            values[:rows].copy() for values in (person.counts, person.sums, person.warned)
        )
    return lines


def _new_person(face_id: int, labels: tuple[str, ...], step: int, n_classes: int) -> PersonTimeline:
    return PersonTimeline(
        face_id,
        labels,
        step,
        counts=np.zeros((0, len(labels)), np.int32),
        sums=np.zeros((0, n_classes), np.float32),
        warned=np.zeros(0, np.int32),
        totals=np.zeros(len(labels), np.int64),
    )


def _fill_steps(person: PersonTimeline, lines: Timelines, step: int) -> None:
    """Make room up to a step. The frame before is shown up to it, if it shows the person, too."""
    row = step - person.first
    if row >= len(person.counts):
        _grow(person, row + 1)
    number, time_s = person.last
    if number == lines.n_frames - 1:
        before = lines.step_of(time_s) - person.first
        if row - before > 1:
            for values in (person.counts, person.sums, person.warned):
                values[before + 1 : row] = values[before]


def frames_of_inputs(prediction: PredictionFolder) -> Iterator[tuple[str, Iterator[list[Moment]]]]:
    """Read the table of frames once: the name of each input, and the moments of its frames."""
    return groupby(prediction.moments(), key=lambda moments: moments[0].input)


def timelines_of(prediction: PredictionFolder) -> Iterator[tuple[str, Timelines]]:
    """The people of each input that has frames, in the order of the table."""
    for name, frames in frames_of_inputs(prediction):
        yield name, build_timelines(frames, prediction.classes)


def sureness(moment: Moment) -> float:
    """The probability of the label of a moment, or the highest one where the label is no expression."""
    found = moment.probabilities.get(moment.label)
    return max(moment.probabilities.values(), default=0.0) if found is None else found


def percent(moment: Moment) -> str:
    """The probability of the label in per cent; empty where the label is no expression."""
    share = moment.probabilities.get(moment.label)
    return "" if share is None else f"{100 * share:.0f}%"


def _watch_peak(person: PersonTimeline, moment: Moment, number: int) -> None:
    """A run of one label ends where the label changes or the person is lost; its surest moment is a peak."""
    best = person.run
    if best is not None and best.label != moment.label:
        _end_run(person, number)
        best = None
    if best is None or sureness(moment) > sureness(best):
        person.run = moment


def _end_run(person: PersonTimeline, number: int) -> None:
    if person.run is None:
        return
    peaks = person.peaks.setdefault(person.run.label, [])
    heapq.heappush(peaks, (sureness(person.run), number, person.run))
    if len(peaks) > PEAKS:
        heapq.heappop(peaks)
    person.run = None


def _grow(person: PersonTimeline, rows: int) -> None:
    """Make room for more rows, twice as much as is needed."""
    more = 2 * rows - len(person.counts)
    for name in ("counts", "sums", "warned"):
        values = getattr(person, name)
        setattr(person, name, np.concatenate([values, np.zeros((more, *values.shape[1:]), values.dtype)]))


def _join_steps(lines: Timelines) -> None:
    """Join the steps of all people two by two."""
    lines.step_s *= 2
    for person in lines.people.values():
        before = person.first % 2
        person.first //= 2
        for name in ("counts", "sums", "warned"):
            values = getattr(person, name)
            after = (before + len(values)) % 2
            padded = np.pad(values, [(before, after), *[(0, 0)] * (values.ndim - 1)])
            setattr(person, name, padded[::2] + padded[1::2])
