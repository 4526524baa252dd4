"""A table of labels by id, as a CSV file."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from vidfer.clips.clip import plain_text
from vidfer.clips.folder import SPLITS
from vidfer.clips.labels import canonical_label
from vidfer.errors import VidferError
from vidfer.store.select import NONE

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
    """Read a CSV file with a column ``id`` and any of ``label``, ``subject`` and ``split``.

    Labels get their canonical names; a cell that is empty or says `none` means that there is none. Other
    columns are left alone.

    Raises:
        VidferError: no such file, none of these columns, a column or an id twice, a line without an id, an
            unknown split.
    """
    try:
        with file.open(newline="", encoding="utf-8-sig") as lines:
            reader = csv.DictReader(lines)
            header = [(name or "").strip().lower() for name in reader.fieldnames or ()]
            columns = _columns(header, file)
            reader.fieldnames = header
            rows: dict[str, dict[str, str | None]] = {}
            for row in reader:
                clip_id = (row["id"] or "").strip()
                where = f"line {reader.line_num} of {file}"
                if any(cell.strip() for cell in row.get(None, ())):
                    raise VidferError(
                        f"{where} has more cells than the header; put quotes around a text with a comma"
                    )
                if not clip_id:
                    raise VidferError(f"{where} has no id; fill it or take the line out")
                if clip_id in rows:
                    raise VidferError(f"{where} has the id '{clip_id}' a second time; take one line out")
                rows[clip_id] = {column: _value(row, column, where) for column in columns}
    except FileNotFoundError as error:
        raise VidferError(f"there is no table {file}; give a CSV file with the columns id, label") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise VidferError(f"{file} is no CSV file in UTF-8 ({error}); save it as one") from error
    if not rows:
        raise VidferError(f"{file} has no line with an id; write one clip on each line")
    return LabelTable(file, columns, rows)


def _columns(header: list[str], file: Path) -> tuple[str, ...]:
    twice = sorted({name for name in header if header.count(name) > 1 and name in ("id", *COLUMNS)})
    if twice:
        raise VidferError(f"{file} has the column '{twice[0]}' twice; rename one")
    columns = tuple(name for name in COLUMNS if name in header)
    if "id" not in header or not columns:
        raise VidferError(
            f"{file} has the columns {', '.join(header) or 'none'}; it needs id and one or more of "
            f"{', '.join(COLUMNS)}, separated by commas"
        )
    return columns


def _value(row: dict[str, str | None], column: str, where: str) -> str | None:
    value = plain_text((row[column] or "").strip())
    if value.lower() in ("", NONE):
        return None
    if column == "label":
        return canonical_label(value)
    if column == "split":
        if value.lower() not in SPLITS:
            raise VidferError(f"{where} has the split '{value}'; use train, val, test, unlabelled or nothing")
        return SPLITS[value.lower()]
    return value
