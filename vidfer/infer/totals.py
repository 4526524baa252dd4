"""What a prediction adds up to: shares of the expressions by person, film or folder, or in all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import PurePosixPath

import numpy as np

from vidfer.errors import DataError
from vidfer.infer.moment import UNSURE
from vidfer.infer.prediction_folder import PredictedInput, PredictionFolder
from vidfer.infer.summary import SEGMENT_COLUMNS, Segment, clip_columns
from vidfer.tables import Row, iterate_table, number

LEAST_SHARE = 0.005
"""A label with this share of the frames, or a smaller one, would be told with 0 %, so it is not."""

Key = tuple[str, int | None]


@dataclass(kw_only=True)
class Totals:
    """The sums over some people of a prediction."""

    input: str
    """The input, or the folder; empty for all inputs."""
    face_id: int | None = None
    """The person, where the totals are of one."""
    n_inputs: int = 0
    """Inputs that were read; also those in which nobody is seen."""
    n_people: int = 0
    n_frames: int = 0
    """Frames in which somebody is seen, of each person."""
    seen_s: float = 0.0
    """Seconds in which somebody is seen, of each person; a picture has none."""
    n_labelled: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    """Frames with this label, of each expression and ``unsure``."""
    n_warned: float = 0.0
    """Frames with a warning."""
    sums: np.ndarray | float = 0.0
    """Over the frames: of the probability of each expression."""
    lengths_s: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """Seconds of each segment with this label."""

    def add(self, person: Totals, n_inputs: int) -> None:
        """Count a person with its frames; ``n_inputs``: further inputs that the sums are of now."""
        self.n_inputs += n_inputs
        self.n_people += person.n_people
        self.n_frames += person.n_frames
        self.n_warned += person.n_warned
        self.sums = self.sums + person.sums
        for label, n in person.n_labelled.items():
            self.n_labelled[label] += n

    def share(self, label: str) -> float | None:
        """The share of the frames with a label, 0..1; None where nobody is seen."""
        return self.n_labelled[label] / self.n_frames if self.n_frames else None

    def shares(self, classes: Sequence[str]) -> list[tuple[str, float]]:
        """Each label of more than ``LEAST_SHARE``, with its share, the most frequent first."""
        found = ((name, self.share(name) or 0.0) for name in (*classes, UNSURE))
        return sorted((one for one in found if one[1] > LEAST_SHARE), key=lambda one: -one[1])

    def length_s(self, label: str) -> float | None:
        """The mean length of a segment with this label in seconds; None where there is none."""
        return float(np.mean(self.lengths_s[label])) if self.lengths_s[label] else None


def totals_columns(classes: Sequence[str]) -> tuple[str, ...]:
    """The columns of :func:`totals_row`."""
    labels = (*classes, UNSURE)
    return (
        *("input", "face_id", "n_inputs", "n_people", "n_frames", "seen_s", "warned_share"),
        *(f"share_{name}" for name in labels),
        *(f"mean_{name}" for name in classes),
        *(f"segments_{name}" for name in labels),
        *(f"segment_s_{name}" for name in labels),
    )


def totals_row(totals: Totals, classes: Sequence[str]) -> list:
    """The cells of totals, in the order of :func:`totals_columns`; None where nobody is seen."""
    labels, n = (*classes, UNSURE), totals.n_frames
    means = [_rounded(float(value)) for value in totals.sums / n] if n else [None] * len(classes)
    return [
        *(totals.input, totals.face_id, totals.n_inputs, totals.n_people, n, round(totals.seen_s, 3)),
        _rounded(totals.n_warned / n if n else None),
        *(_rounded(totals.share(name)) for name in labels),
        *means,
        *(len(totals.lengths_s[name]) for name in labels),
        *(_rounded(totals.length_s(name), 3) for name in labels),
    ]


def _rounded(value: float | None, digits: int = 4) -> float | None:
    return None if value is None else round(value, digits)


def totals_of(prediction: PredictionFolder, by: str = "all") -> list[Totals]:
    """Add up the people and segments of a prediction.

    Shares are shares of frames: each frame of each person counts once. So a film with more frames a second
    counts more than another one.

    Args:
        prediction: with ``clips.csv`` and ``segments.csv``.
        by: what a row is about: a ``person`` of an input, an ``input``, the ``folder`` that inputs lie in, or
            ``all`` inputs.

    Raises:
        DataError: a table cannot be read, or a cell is no number.
    """
    (totals,) = totals_by(prediction, [by])
    return totals


def totals_by(
    prediction: PredictionFolder, levels: Sequence[str], segments: Iterable[Segment] | None = None
) -> list[list[Totals]]:
    """As :func:`totals_of` for several values of ``by``. Each table is read once.

    ``segments``: the rows of ``segments.csv``, where they were read before.
    """
    found: dict[str, dict[Key, Totals]] = {by: {} for by in levels}

    def of(by: str, name: str, face_id: int) -> Totals:
        key = _key(name, face_id, by)
        return found[by].setdefault(key, Totals(input=key[0], face_id=key[1]))

    for by in found:
        if by == "all":
            of(by, "", 0)
        if by != "person":
            for one in read_inputs(prediction):
                of(by, one.name, 0).n_inputs += 1
    for person in _people_of(prediction):
        for by in found:
            of(by, person.input, person.face_id).add(person, n_inputs=int(by == "person"))
    for one in segments_of(prediction) if segments is None else segments:
        for by in found:
            totals = of(by, one.input, one.face_id)
            totals.seen_s += one.end_s - one.start_s
            totals.lengths_s[one.label].append(one.end_s - one.start_s)
    return [[found[by][key] for key in sorted(found[by], key=_place)] for by in levels]


def _people_of(prediction: PredictionFolder) -> Iterator[Totals]:
    """The rows of ``clips.csv``."""
    columns = tuple(name.lower() for name in clip_columns(prediction.classes))
    for row in iterate_table(prediction.clips_csv, columns):
        with _told(row):
            n = int(row["n_frames"])
            person = Totals(input=row["input"], face_id=int(row["face_id"]), n_people=1, n_frames=n)
            person.n_warned = n * number(row["warned_share"])
            person.n_labelled[UNSURE] = n * number(row["unsure_share"])
            for name in prediction.classes:
                person.n_labelled[name] = n * number(row[f"share_{name}".lower()])
            means = [number(row[f"mean_{name}".lower()]) for name in prediction.classes]
            person.sums = n * np.array(means)
        yield person


def _key(name: str, face_id: int, by: str) -> Key:
    if by == "person":
        return name, face_id
    return {"input": name, "folder": PurePosixPath(name).parent.as_posix(), "all": ""}[by], None


def _place(key: Key) -> tuple[str, int]:
    return key[0], -1 if key[1] is None else key[1]


def segments_of(prediction: PredictionFolder) -> Iterator[Segment]:
    """The rows of ``segments.csv``.

    Raises:
        DataError: the table cannot be read, or a cell is no number.
    """
    for row in iterate_table(prediction.segments_csv, SEGMENT_COLUMNS):
        with _told(row):
            names = ("start_s", "end_s", "probability", "unsure_share")
            numbers = {name: number(row[name]) for name in names}
            segment = Segment(input=row["input"], face_id=int(row["face_id"]), label=row["label"], **numbers)
        yield segment


def strongest(segments: Iterable[Segment], label: str, n: int, min_s: float = 0.0) -> list[Segment]:
    """The segments with a label in which it is most probable.

    Args:
        segments: of all inputs.
        label: the expression.
        n: at most so many.
        min_s: leave out segments that are shorter, in seconds.
    """
    long = (one for one in segments if one.label == label and one.end_s - one.start_s >= min_s)
    return sorted(long, key=lambda one: -one.probability)[:n]


def read_inputs(prediction: PredictionFolder) -> list[PredictedInput]:
    """The inputs of which at least a part was read."""
    return [one for one in prediction.inputs if one.state == "done"]


@contextmanager
def _told(row: Row) -> Iterator[None]:
    """A cell that is no number becomes a message with its place."""
    try:
        yield
    except ValueError as error:
        raise DataError(
            f"{row.where}: a cell is no number ({error}); predict again into another folder"
        ) from error
