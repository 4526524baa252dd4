"""What a predictor answers in Python: moments of films, and answers for faces and clips."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from vidfer.errors import MissingPackageError
from vidfer.infer.moment import NO_FACE, UNSURE, Moment, equal_fields
from vidfer.infer.moment_table import FRAME_COLUMNS, TEXT_COLUMNS, WHOLE_COLUMNS, column_of, row_of
from vidfer.infer.summary import SEGMENT_COLUMNS, FilmSummary, Segment, clip_columns

if TYPE_CHECKING:
    import pandas as pd


@dataclass
class Prediction:
    """The moments of some films, frame by frame."""

    classes: tuple[str, ...]
    """The expressions, in the order of the columns of tables."""
    frames: list[list[Moment]] = field(default_factory=list)
    """The moments of each frame, one for each person; a single one where nobody is seen."""
    faults: dict[str, str] = field(default_factory=dict)
    """Input -> why it could not be read, or not to its end."""
    rotate_deg: dict[str, int] = field(default_factory=dict)
    """Input whose faces are not upright -> by how many degrees it must be turned clockwise: 90, 180, 270."""

    def __repr__(self) -> str:
        inputs = {frame[0].input for frame in self.frames}
        people = {(moment.input, moment.face_id) for moment in self if moment.has_face}
        return (
            f"Prediction(inputs={len(inputs)}, frames={len(self.frames)}, people={len(people)}, "
            f"moments={len(self)}, faults={len(self.faults)})"
        )

    def __len__(self) -> int:
        """Number of moments."""
        return sum(map(len, self.frames))

    def __iter__(self) -> Iterator[Moment]:
        for frame in self.frames:
            yield from frame

    def segments(self) -> list[Segment]:
        """Stretches in which one expression stays the most probable one of a person, as ``segments.csv``."""
        return self._summaries()[0]

    def to_pandas(self) -> pd.DataFrame:
        """The table ``frames.csv``: a row for each moment.

        A column has the same type whatever the films show: texts, whole numbers (``Int64``, which may be
        missing) or fractions. So do the other tables.

        Raises:
            MissingPackageError: pandas is not installed.
        """
        columns, rows = (
            (*FRAME_COLUMNS, *map(column_of, self.classes)),
            [row_of(m, self.classes) for m in self],
        )
        return _table(columns, rows, TEXT_COLUMNS, WHOLE_COLUMNS)

    def segments_to_pandas(self) -> pd.DataFrame:
        """The table ``segments.csv``: a row for each segment.

        Raises:
            MissingPackageError: pandas is not installed.
        """
        rows = [segment.row() for segment in self.segments()]
        return _table(SEGMENT_COLUMNS, rows, {"input", "label"}, {"face_id"})

    def people_to_pandas(self) -> pd.DataFrame:
        """The table ``clips.csv``: a row for each person of each input, for statistics.

        Raises:
            MissingPackageError: pandas is not installed.
        """
        rows = self._summaries()[1]
        return _table(clip_columns(self.classes), rows, {"input", "label"}, {"face_id", "n_frames"})

    def _summaries(self) -> tuple[list[Segment], list[list]]:
        segments: list[Segment] = []
        films: dict[str, FilmSummary] = {}
        for frame in self.frames:
            name = frame[0].input
            film = films.setdefault(name, FilmSummary(name, self.classes))
            segments += film.add(frame)
        for film in films.values():
            segments += film.end()
        order = {name: place for place, name in enumerate(films)}
        segments.sort(key=lambda segment: (order[segment.input], segment.start_s, segment.face_id))
        return segments, [row for film in films.values() for row in film.people_rows()]


@dataclass(frozen=True, eq=False)
class Answers:
    """One answer for each of N faces or clips."""

    names: Sequence[str]
    """(N,) ids of clips, or numbers of faces."""
    classes: tuple[str, ...]
    """(C,) the expressions."""
    probabilities: np.ndarray
    """(N, C) float32; NaN where no face is seen."""
    threshold: float
    """Below this probability the label is ``unsure``; 0..1."""

    def __repr__(self) -> str:
        often = ", ".join(f"{n} {label or 'no face'}" for label, n in Counter(self.labels).most_common())
        return f"Answers({len(self)}: {often})"

    def __eq__(self, other: object) -> bool:
        return equal_fields(self, other)

    def __len__(self) -> int:
        return len(self.names)

    @property
    def labels(self) -> tuple[str, ...]:
        """(N,) an expression, ``unsure``, or an empty text where no face is seen."""
        return tuple(map(self._label, self.probabilities))

    def _label(self, answer: np.ndarray) -> str:
        if np.isnan(answer).any():
            return NO_FACE
        return self.classes[int(answer.argmax())] if answer.max() >= self.threshold else UNSURE

    def to_pandas(self) -> pd.DataFrame:
        """A row for each: ``name``, ``label``, and the probability of each expression, whose column is named
        ``p_`` and the expression where another column has its name.

        Raises:
            MissingPackageError: pandas is not installed.
        """
        rows = [
            [name, label, *map(float, p)]
            for name, label, p in zip(self.names, self.labels, self.probabilities)
        ]
        own = ("name", "label")
        columns = (*own, *(f"p_{name}" if name.lower() in own else name for name in self.classes))
        return _table(columns, rows, set(own), set())


def _table(columns: Sequence[str], rows: list[list], texts: Set[str], whole: Set[str]) -> pd.DataFrame:
    """A table whose columns have types that do not depend on the rows: texts, whole numbers, else floats."""
    try:
        import pandas as pd
    except ImportError as error:
        raise MissingPackageError(
            "to_pandas needs the package pandas: pip install pandas; or use the moments themselves"
        ) from error
    text = pd.Series(["a text"]).dtype  # object in pandas 2, str in pandas 3
    types = {name: text if name in texts else "Int64" if name in whole else "float64" for name in columns}
    return pd.DataFrame(rows, columns=list(columns), dtype=object).astype(types)
