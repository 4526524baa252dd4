"""A table of labels by clip id."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vidfer.clips.clip import plain_text
from vidfer.clips.labels import canonical_label
from vidfer.clips.splits import canonical_split
from vidfer.errors import DataError
from vidfer.store.select import NONE
from vidfer.tables import Row, read_table

COLUMNS = ("label", "subject", "split")


@dataclass(frozen=True)
class LabelTable:
    """What a table says of clips."""

    file: Path
    columns: tuple[str, ...]
    """Those of label, subject and split that it has."""
    rows: dict[str, dict[str, str | None]]
    """Id to the value of each column; None where the cell is empty or says so."""


def read_label_table(file: Path) -> LabelTable:
    """Read a table with a column ``id`` and any of ``label``, ``subject`` and ``split``.

    Labels get their canonical names; a cell that is empty or says `none` means that there is none. Other
    columns are left alone.

    Raises:
        DataError: no such file, none of these columns, a column or an id twice, a line without an id, an
            unknown split.
    """
    if not file.is_file():
        raise DataError(f"there is no table {file}; give a CSV file with the columns id, label")
    table = read_table(file, ("id",), COLUMNS)
    if not table:
        raise DataError(f"{file} has no row with an id; write one row for each clip")
    columns = tuple(name for name in COLUMNS if name in table[0])
    if not columns:
        raise DataError(
            f"{file} has the columns {', '.join(table[0])}; it needs id and one or more of "
            f"{', '.join(COLUMNS)}"
        )
    rows: dict[str, dict[str, str | None]] = {}
    for row in table:
        clip_id = row["id"]
        if not clip_id:
            raise DataError(f"{row.where} has no id; write it, or delete the row")
        if clip_id in rows:
            raise DataError(f"{row.where} has the id '{clip_id}' a second time; delete one of the rows")
        rows[clip_id] = {column: _value(row, column) for column in columns}
    return LabelTable(file, columns, rows)


def _value(row: Row, column: str) -> str | None:
    value = plain_text(row[column])
    if value.lower() in ("", NONE):
        return None
    if column == "label":
        return canonical_label(value)
    return canonical_split(value, row.where) if column == "split" else value
