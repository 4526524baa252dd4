"""The table ``frames.csv`` of a prediction: a row for each person in each frame."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path

import numpy as np

from vidfer.errors import DataError
from vidfer.infer.moment import Moment
from vidfer.tables import Row, iterate_table, number

FRAME_COLUMNS = (
    *("input", "frame", "timestamp", "face_id", "success", "confidence", "x", "y", "width", "height"),
    *("status", "label", "face_px", "sharpness", "turn_deg", "brightness", "warning"),
)
"""Before the columns of the expressions. The first ten are named as in OpenFace, where it has them."""

TEXT_COLUMNS = frozenset({"input", "status", "label", "warning"})
"""Those that hold texts."""
WHOLE_COLUMNS = frozenset({"frame", "face_id", "success"})
"""Those that hold whole numbers. All others, and those of the expressions, hold fractions."""


def row_of(moment: Moment, classes: Sequence[str]) -> list:
    """The cells of a moment, in the order of :data:`FRAME_COLUMNS` and the classes.

    Numbers are rounded: pixels to a hundredth, times to a microsecond, probabilities to 1e-4.
    """
    head = [moment.input, moment.frame, round(moment.time_s, 6)]
    if not moment.has_face:
        return [*head, None, 0, 0, *[None] * 4, moment.status, *[None] * (6 + len(classes))]
    x1, y1, x2, y2 = (round(float(value), 2) for value in moment.box_xyxy)
    box = [x1, y1, round(x2 - x1, 2), round(y2 - y1, 2)]
    quality = [
        None if value is None else round(float(value), 2)
        for value in (moment.face_px, moment.sharpness, moment.turn_deg, moment.brightness)
    ]
    shown = [
        None if (p := moment.probabilities.get(name)) is None else round(float(p), 4) for name in classes
    ]
    known = [moment.face_id, 1, round(float(moment.score), 4), *box, moment.status, moment.label]
    return [*head, *known, *quality, "; ".join(moment.warnings), *shown]


def column_of(name: str) -> str:
    """The column of an expression: its name, or ``p_`` and its name where another column has that name."""
    return f"p_{name}" if name.lower() in FRAME_COLUMNS else name


def read_moments(table: Path, classes: Sequence[str], wanted: str | None = None) -> Iterator[list[Moment]]:
    """The moments of each frame in ``frames.csv``, frame by frame, in the order of the table.

    Args:
        table: the file.
        classes: the expressions whose probabilities are read.
        wanted: one input, named as in the table; by default all.

    Raises:
        DataError: the table cannot be read, lacks a column, or a cell is no number.
    """
    columns = {name: column_of(name).lower() for name in classes}
    rows = iterate_table(table, (*FRAME_COLUMNS, *columns.values()))
    chosen = (row for row in rows if wanted is None or row["input"] == wanted)
    for _, of_frame in groupby(chosen, key=lambda row: (row["input"], row["frame"])):
        yield [_moment(row, columns) for row in of_frame]


def _moment(row: Row, columns: Mapping[str, str]) -> Moment:
    try:
        frame = {"input": row["input"], "frame": int(row["frame"]), "time_s": number(row["timestamp"])}
        if row["success"] != "1":
            return Moment(**frame, status=row["status"])
        x, y, width, height = (number(row[name]) for name in ("x", "y", "width", "height"))
        quality = {
            name: number(row[name]) if row[name] else None
            for name in ("face_px", "sharpness", "turn_deg", "brightness")
        }
        return Moment(
            **frame,
            face_id=int(row["face_id"]),
            score=number(row["confidence"]),
            box_xyxy=np.array((x, y, x + width, y + height), np.float32),
            status=row["status"],
            label=row["label"],
            probabilities={name: number(row[column]) for name, column in columns.items() if row[column]},
            **quality,
            warnings=tuple(row["warning"].split("; ")) if row["warning"] else (),
        )
    except ValueError as error:
        raise DataError(
            f"{row.where}: a cell is no number ({error}); predict again into another folder"
        ) from error
