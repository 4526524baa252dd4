"""Tables: reads CSV as spreadsheets save it, and Parquet; writes CSV.

Every table of a user or of vidfer goes through this file. So one rule says how a file is decoded, what
separates its columns, and how a message names a place in it.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from itertools import zip_longest
from numbers import Number
from pathlib import Path

from vidfer.errors import DataError, MissingPackageError
from vidfer.files import write_text
from vidfer.terminal import CONTROLS, spell

SEPARATORS = (",", ";", "\t")

USUAL_NAMES = {
    "label": ("emotion", "emotions", "expression", "class", "category"),
    "subject": ("actor", "participant", "person", "speaker", "subjectid"),
    "split": ("partition", "set", "subset", "usage"),
    "start_s": ("begin", "from", "onset", "start", "starttime", "startsec", "startseconds"),
    "end_s": ("end", "endtime", "endsec", "endseconds", "offset", "stop", "to"),
}
"""What people call columns that vidfer reads under another name, without anything but letters."""

MISSING = frozenset(
    {"#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A"}
    | {"NA", "NULL", "NaN", "None", "n/a", "nan", "null"}
)
"""Cells that count as empty: what spreadsheets, R and pandas write for a missing value (those that
``pandas.read_csv`` takes for missing)."""

RISKY_STARTS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""A spreadsheet takes a cell that begins with one of these for a formula. The last four are the same signs in
the width of Chinese letters."""

NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?", re.ASCII)

NOT_AS_IS = re.compile(rf"\\|{CONTROLS.pattern}|\s(?=\s*\Z)")
"""Characters that a cell with an apostrophe spells: backslashes, control characters, spaces at the end."""

SPELLED = re.compile(r"\\(\\|x[0-9a-f]{2}|u[0-9a-f]{4})")

STANDS_FOR_NUL = "\udc00"
"""Replaces NUL while a line is split: Python 3.10 reads no CSV line with a NUL, 3.11 and later do. No decoded
file holds this lone surrogate."""


class Row(dict[str, str]):
    """The cells of a row by the name of their column; an empty cell is ``""``."""

    def __init__(self, cells: dict[str, str], where: str) -> None:
        super().__init__(cells)
        self.where = where
        """The place for messages: ``line 3 of labels.csv``."""


def read_table(path: Path, required: Sequence[str], optional: Sequence[str] = ()) -> list[Row]:
    """Reads all rows of a table; arguments and errors as :func:`iterate_table`."""
    return list(iterate_table(path, required, optional))


def iterate_table(
    path: Path, required: Sequence[str], optional: Sequence[str] = (), *, remedy: str = ""
) -> Iterator[Row]:
    """Reads a table row by row, so that a large one never lies in memory as a whole.

    A file that ends in ``.parquet`` is read with pyarrow. Any other file is read as CSV: UTF-8 with or
    without byte order mark, UTF-16, or the Windows code page 1252; separated by commas, semicolons or tabs.
    Rows without any text are left out. Spaces around a cell are taken away. A cell that says that its value
    is missing (:data:`MISSING`) is empty. A CSV cell that :func:`cell_of` made becomes its text again. Names
    of columns are taken in lower case. Columns may stand in any order, and all of them are returned.

    Args:
        path: of the table.
        required: columns that must be there, in lower case.
        optional: columns that the caller reads where they are there; so none may occur twice.
        remedy: a sentence that says what to do where a column is missing.

    Raises:
        DataError: the file cannot be read, lacks a column, has one twice or under another usual name
            (``start`` for ``start_s``), or has a row with more cells than columns.
        MissingPackageError: pyarrow is not installed.
    """
    if path.suffix.lower() == ".parquet":
        header, rows = _read_parquet(path)
    else:
        rows = iterate_rows(path)
        header = next(rows, ("", []))[1]
    names = [name.strip().lower() for name in header]
    _check_columns(path, names, required, optional, remedy)
    for where, cells in rows:
        if any(cells[len(names) :]):
            raise DataError(
                f"{where} has {len(cells)} cells, and the table has {len(names)} columns. If a text has a "
                "separator in it (comma, semicolon or tab), put quotation marks around the text"
            )
        # Programs may leave out empty cells at the end of a row.
        yield Row(dict(zip_longest(names, cells[: len(names)], fillvalue="")), where)


def iterate_rows(path: Path) -> Iterator[tuple[str, list[str]]]:
    """Reads the rows of a CSV file that may have no header, as :func:`iterate_table` does.

    Yields:
        the place for messages (``line 3 of train.csv``), and the cells without spaces around them.

    Raises:
        DataError: the file cannot be read.
    """
    encoding = _encoding_of(path)
    with path.open(newline="", encoding=encoding, errors="replace") as file:
        separator = max(SEPARATORS, key=_first_line(file).count)
        file.seek(0)
        lines = (line.replace("\0", STANDS_FOR_NUL) for line in file)
        reader = csv.reader(lines, delimiter=separator, skipinitialspace=True)
        try:
            for cells in reader:
                cells = [text_of_cell(_text_of(cell.replace(STANDS_FOR_NUL, "\0"))) for cell in cells]
                if any(cells):
                    yield f"line {reader.line_num} of {path}", cells
        except csv.Error as error:
            raise DataError(
                f"line {reader.line_num} of {path}: {error}; save the table as CSV again"
            ) from error


def read_lines(path: Path) -> list[tuple[str, str]]:
    """Reads the lines of a text file that are not blank, decoded as :func:`iterate_table` does.

    Returns:
        pairs of the place for messages (``line 3 of list.txt``) and the line without spaces around it.

    Raises:
        DataError: the file cannot be read.
    """
    text = path.read_text(encoding=_encoding_of(path), errors="replace")
    lines = enumerate(text.splitlines(), start=1)
    return [(f"line {number} of {path}", line.strip()) for number, line in lines if line.strip()]


def number(text: str) -> float:
    """A number with a decimal point, or with the decimal comma that some countries write.

    Raises:
        ValueError: the text is no number.
    """
    return float(text.replace(",", "."))


def cell_of(text: str) -> str:
    r"""The cell of a CSV file for a text: neither a spreadsheet nor a terminal runs it.

    Most texts stay as they are. An apostrophe is put before a text that a spreadsheet could run, that holds
    control characters, or that could not be read back (it begins with an apostrophe, has spaces around it, or
    looks like a missing value). After the apostrophe, backslashes and control characters are spelt as in
    Python. :func:`text_of_cell` gives the text back.

    >>> print(cell_of("=1+1"), cell_of("-1.5"), cell_of("\x1b[31m"))
    '=1+1 -1.5 '\x1b[31m
    """
    if not _needs_apostrophe(text):
        return text
    return "'" + NOT_AS_IS.sub(lambda found: "\\\\" if found[0] == "\\" else spell(found[0]), text)


def text_of_cell(cell: str) -> str:
    """The text of a cell that :func:`cell_of` made; any other cell is its own text (``'tis``)."""
    if not cell.startswith("'"):
        return cell
    text = SPELLED.sub(lambda found: "\\" if found[1] == "\\" else chr(int(found[1][1:], 16)), cell[1:])
    return text if cell_of(text) == cell else cell


def write_table(
    path: Path, columns: Sequence[str], rows: Iterable[Sequence], *, decimal_commas: bool = False
) -> None:
    """Writes a CSV file in UTF-8; it is there as a whole or not at all.

    Texts are written as :func:`cell_of` says, numbers as they are.

    Args:
        path: of the file; its folder is made if needed.
        columns: the header.
        rows: the cells of each row, in the order of the columns. None becomes an empty cell.
        decimal_commas: write 0,5 for 0.5, semicolons between cells, and a byte order mark: as Excel reads a
            CSV file in countries with decimal commas.
    """
    text = csv_text((columns, *rows), decimal_commas=decimal_commas)
    write_text(path, "\ufeff" + text if decimal_commas else text)


def csv_text(rows: Iterable[Sequence], *, decimal_commas: bool = False) -> str:
    """The lines of a CSV file for some rows; cells as in :func:`write_table`."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";" if decimal_commas else ",", lineterminator="\n")
    for row in rows:
        writer.writerow([_cell(value, decimal_commas) for value in row])
    return text.getvalue()


def _cell(value: object, decimal_commas: bool) -> object:
    if value is None or isinstance(value, Number):
        return str(value).replace(".", ",") if decimal_commas and value is not None else value
    return cell_of(str(value))


def _needs_apostrophe(text: str) -> bool:
    if text.startswith("'") or text != text.strip() or text in MISSING:
        return True
    if any(sign not in "\n\t" for sign in CONTROLS.findall(text)):
        return True
    return text.startswith(RISKY_STARTS) and not NUMBER.fullmatch(text)


def _encoding_of(path: Path) -> str:
    """The encoding of a text file; a byte order mark tells it, or else whether all of it is UTF-8."""
    try:
        with path.open("rb") as file:
            block = file.read(1 << 20)
            if block.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                return "utf-16"
            start = block[:1024]
            if start.count(0) > len(start) / 10:
                raise DataError(f"{path} is not a text file; give a text file, or a table as CSV or Parquet")
            decoder = codecs.getincrementaldecoder("utf-8")()
            while block:
                decoder.decode(block)
                block = file.read(1 << 20)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp1252"  # where this guess is wrong, a name comes out garbled and is not found
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}; check the path") from error
    return "utf-8-sig"


def _text_of(value: object) -> str:
    """The text of a cell without spaces around it, ``""`` for a missing value; the one rule of all tables."""
    text = "" if value is None else str(value).strip()
    return "" if text in MISSING else text


def _first_line(file: io.TextIOBase) -> str:
    return next((line for line in file if line.strip()), "")


def _check_columns(
    path: Path, names: list[str], required: Sequence[str], optional: Sequence[str], remedy: str
) -> None:
    missing = [name for name in required if name not in names]
    if missing:
        raise DataError(
            f"{path} has no column '{missing[0]}'; its columns are: {', '.join(names) or 'none'}. "
            + (remedy or f"Name the columns {', '.join(required)} in its first line")
        )
    for name in optional:
        near = next((other for other in names if _is_near(other, name)), None)
        if near is not None and near not in (*required, *optional) and name not in names:
            raise DataError(
                f"{path} has a column '{near}', and no column '{name}'. Rename it to '{name}' if that is "
                "meant; otherwise give it another name or take it out"
            )
    twice = [name for name in (*required, *optional) if names.count(name) > 1]
    if twice:
        raise DataError(f"{path} has the column '{twice[0]}' twice; rename one of them")


def _is_near(name: str, column: str) -> bool:
    """Whether the name of a column is a slip of the pen, or another usual name, of a column that is read."""
    plain = re.sub(r"[^a-z]", "", name)
    wanted = re.sub(r"[^a-z]", "", column)
    return plain in (wanted, f"{wanted}s", *USUAL_NAMES.get(column, ())) or (
        len(wanted) > 4 and SequenceMatcher(None, plain, wanted).ratio() > 0.85
    )


def _read_parquet(path: Path) -> tuple[list[str], Iterator[tuple[str, list[str]]]]:
    """The header of a Parquet file, and its rows, numbered from 1."""
    try:
        from pyarrow import ArrowInvalid, parquet
    except ImportError as error:
        raise MissingPackageError(
            f"{path} needs the package pyarrow; install it with `pip install 'vidfer[table]'`, "
            "or save the table as CSV"
        ) from error
    try:
        content = parquet.read_table(path)
    except ArrowInvalid as error:
        raise DataError(f"{path} is not a Parquet file, or is cut off ({error}); write it again") from error
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}; check the path") from error
    columns = [[_text_of(value) for value in column.to_pylist()] for column in content]
    cells = ([*row] for row in zip(*columns))
    return content.column_names, (
        (f"row {n} of {path}", row) for n, row in enumerate(cells, start=1) if any(row)
    )
