"""Clips listed in a CSV or Parquet file."""

from __future__ import annotations

import csv
import math
from pathlib import Path

from vidfer.clips.about import About
from vidfer.clips.clip import Clip
from vidfer.clips.folder import SPLITS
from vidfer.clips.labels import canonical_label
from vidfer.clips.listing import check_folder
from vidfer.clips.media import visible
from vidfer.errors import VidferError

ABOUT = About(
    layout="a CSV or Parquet file with path and, if known, id, label, subject, split, start_s, end_s",
    labels="column label",
    size="yours",
    licence="yours",
)

SUFFIXES = (".csv", ".parquet")


def table(root: Path) -> list[Clip]:
    """Clips listed in a table, one row each.

    ``root`` is the table, or a folder with one table in it. The column ``path`` is needed: a video, an
    image or a folder of frames, relative to the table's folder or absolute. Taken if there: ``id``
    (default: the path), ``label``, ``subject``, ``split`` (train, val, test, unlabelled), ``start_s`` and
    ``end_s`` in seconds; an empty cell means unknown. Other columns are left alone.

    Raises:
        VidferError: no table; no column ``path``; rows with absent files, wrong splits or times, or with
            one id.
    """
    file = _find_table(root)
    rows = _read_parquet(file) if file.suffix.lower() == ".parquet" else _read_csv(file)
    if not rows:
        raise VidferError(f"{file} has a header and no rows; list one clip a row")
    clips = [_clip(row, file, number) for number, row in enumerate(rows, start=1)]
    absent = [(number, clip) for number, clip in enumerate(clips, start=1) if not clip.path.exists()]
    if absent:
        number, clip = absent[0]
        raise VidferError(
            f"{len(absent)} of {len(clips)} rows of {file} name files that are not there, "
            f"first row {number}: {clip.path}; paths are relative to {file.parent}"
        )
    return clips


def _find_table(root: Path) -> Path:
    if root.is_file() and root.suffix.lower() in SUFFIXES:
        return root
    if root.is_file():
        raise VidferError(f"{root} is neither .csv nor .parquet; give a table in one of these formats")
    check_folder(root, "one .csv or .parquet table")
    tables = [path for path in visible(root) if path.suffix.lower() in SUFFIXES]
    if len(tables) != 1:
        found = ", ".join(path.name for path in tables) or "none"
        raise VidferError(
            f"{root} must hold one .csv or .parquet table; found {found}. Give the table's own path"
        )
    return tables[0]


def _read_csv(file: Path) -> list[dict[str, str]]:
    try:
        with file.open(newline="", encoding="utf-8-sig") as lines:
            reader = csv.DictReader(lines)
            header = [name.strip().lower() for name in reader.fieldnames or ()]
            _check_header(header, file)
            reader.fieldnames = header
            return [{k: (v or "").strip() for k, v in row.items() if k is not None} for row in reader]
    except UnicodeDecodeError as error:
        raise VidferError(f"{file} is not UTF-8 text ({error.reason}); save it as CSV in UTF-8") from error


def _read_parquet(file: Path) -> list[dict[str, str]]:
    try:
        from pyarrow import ArrowInvalid, parquet
    except ImportError as error:
        raise VidferError(
            f"reading {file} needs pyarrow; install it with `pip install 'vidfer[table]'`, "
            "or save the table as CSV"
        ) from error
    try:
        content = parquet.read_table(file)
    except ArrowInvalid as error:
        raise VidferError(f"{file} is not a Parquet file, or is cut off ({error}); write it again") from error
    content = content.rename_columns([name.strip().lower() for name in content.column_names])
    _check_header(content.column_names, file)
    return [{k: "" if v is None else str(v).strip() for k, v in row.items()} for row in content.to_pylist()]


def _check_header(header: list[str], file: Path) -> None:
    if "path" not in header:
        raise VidferError(
            f"{file} has no column 'path'; its columns are: {', '.join(header) or 'none'}. "
            "Name the column with the videos 'path', and separate columns by commas"
        )
    twice = {name for name in header if header.count(name) > 1}
    if twice:
        raise VidferError(f"{file} has the column '{min(twice)}' twice; rename one")


def _clip(row: dict[str, str], file: Path, number: int) -> Clip:
    if not row["path"]:
        raise VidferError(f"row {number} of {file} has an empty path; fill it or take the row out")
    split = row.get("split", "").lower()
    if split and split not in SPLITS:
        raise VidferError(
            f"row {number} of {file} has the split '{row['split']}'; "
            "use train, val, test, unlabelled or nothing"
        )
    start_s, end_s = (_seconds(row, name, file, number) for name in ("start_s", "end_s"))
    if start_s is not None and end_s is not None and end_s <= start_s:
        raise VidferError(f"row {number} of {file} ends at {end_s:g} s, not after its start at {start_s:g} s")
    label = row.get("label")
    return Clip(
        id=row.get("id") or Path(row["path"]).as_posix(),
        path=file.parent / row["path"],
        label=canonical_label(label) if label else None,
        subject=row.get("subject") or None,
        split=SPLITS[split] if split else None,
        start_s=start_s,
        end_s=end_s,
        source="table",
    )


def _seconds(row: dict[str, str], name: str, file: Path, number: int) -> float | None:
    if not row.get(name):
        return None
    try:
        value = float(row[name])
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0):
        raise VidferError(
            f"row {number} of {file} has {name} '{row[name]}'; give seconds, 0 or more, like 1.5"
        )
    return value
