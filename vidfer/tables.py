"""A table that a spreadsheet may have saved in its own way."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path

from vidfer.errors import VidferError

SEPARATORS = (",", ";", "\t")


def read_table(path: Path, columns: Sequence[str]) -> list[tuple[int, dict[str, str]]]:
    """The rows of a CSV file, each with its line number; cells without blanks around them.

    Spreadsheets write a byte order mark, semicolons or tabs for commas, UTF-16 or the code page of Windows,
    and empty rows: all of this is read. Columns may stand in any order, and there may be others.

    Args:
        path: of the file.
        columns: that must be there; upper or lower case.

    Raises:
        VidferError: the file cannot be read, lacks a column, or has a row with more cells than headings.
    """
    try:
        text = _decoded(path.read_bytes())
    except OSError as error:
        raise VidferError(f"cannot read {path}: {error.strerror}") from error
    header_line = text.partition("\n")[0]
    separator = max(SEPARATORS, key=header_line.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    header, rows = None, []
    try:
        for cells in reader:
            cells = [cell.strip() for cell in cells]
            if not any(cells):
                continue
            if header is None:
                header = [name.lower() for name in cells]
                _check_header(header, columns, path)
            elif any(cells[len(header) :]):
                raise VidferError(
                    f"{path}, line {reader.line_num}: {len(cells)} cells under {len(header)} headings; "
                    f"a text with a {separator!r} in it needs quotation marks around it"
                )
            else:
                # Empty cells at the end of a row may have been left out.
                rows.append((reader.line_num, dict(zip_longest(header, cells[: len(header)], fillvalue=""))))
    except csv.Error as error:
        raise VidferError(f"{path}, line {reader.line_num}: {error}; save it as CSV again") from error
    if header is None:
        raise VidferError(f"{path} is empty; it needs the columns {', '.join(columns)}")
    return rows


def _decoded(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")  # a wrong guess shows as a clip that nobody knows


def _check_header(header: list[str], columns: Sequence[str], path: Path) -> None:
    for name in columns:
        if header.count(name) != 1:
            there = "twice" if name in header else "not"
            raise VidferError(
                f"{path}: the column {name} is {there} there; its first line needs {', '.join(columns)}, "
                f"separated by commas, semicolons or tabs"
            )


def number(text: str) -> float:
    """A number with a decimal point, or with the comma that some countries write."""
    return float(text.replace(",", "."))
