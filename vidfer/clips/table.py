"""Clips listed in a CSV or Parquet file."""

from __future__ import annotations

import math
from pathlib import Path

from vidfer.clips.about import About
from vidfer.clips.clip import Clip
from vidfer.clips.folder import SPLITS
from vidfer.clips.labels import canonical_label
from vidfer.clips.listing import check_folder
from vidfer.clips.media import visible
from vidfer.errors import DataError
from vidfer.tables import Row, number, read_table

ABOUT = About(
    layout="a CSV or Parquet file with path and, if known, id, label, subject, split, start_s, end_s",
    labels="column label",
    size="yours",
    licence="yours",
)

SUFFIXES = (".csv", ".parquet")

OPTIONAL = ("id", "label", "subject", "split", "start_s", "end_s")


def table(root: Path) -> list[Clip]:
    """Clips listed in a table, one row each.

    ``root`` is the table, or a folder with one table in it. The column ``path`` is needed: a video, an
    image or a folder of frames, relative to the table's folder or absolute. Taken if there: ``id``
    (default: the path), ``label``, ``subject``, ``split`` (train, val, test, unlabelled), ``start_s`` and
    ``end_s`` in seconds; an empty cell means unknown. Other columns are left alone.

    Raises:
        DataError: no table; no column ``path``; rows with absent files, wrong splits or times, or with
            one id.
    """
    file = _find_table(root)
    rows = read_table(file, ("path",), OPTIONAL)
    if not rows:
        raise DataError(f"{file} has a header but no rows; write one row for each clip")
    clips = [_clip(row, file) for row in rows]
    absent = [(row, clip) for row, clip in zip(rows, clips) if not clip.path.exists()]
    if absent:
        row, clip = absent[0]
        raise DataError(
            f"{len(absent)} of {len(clips)} rows of {file} name files that do not exist. The first is "
            f"{clip.path} (path '{row['path']}', {row.where}). Paths are relative to {file.parent}"
        )
    return clips


def _find_table(root: Path) -> Path:
    if root.is_file() and root.suffix.lower() in SUFFIXES:
        return root
    if root.is_file():
        raise DataError(f"{root} is neither .csv nor .parquet; give a table in one of these formats")
    check_folder(root, "one .csv or .parquet table")
    tables = [path for path in visible(root) if path.suffix.lower() in SUFFIXES]
    if len(tables) != 1:
        found = ", ".join(path.name for path in tables) or "none"
        raise DataError(
            f"{root} must hold one .csv or .parquet table; found {found}. Give the table's own path"
        )
    return tables[0]


def _clip(row: Row, file: Path) -> Clip:
    if not row["path"]:
        raise DataError(f"{row.where} has an empty path; write the path, or delete the row")
    split = row.get("split", "").lower()
    if split and split not in SPLITS:
        raise DataError(
            f"{row.where} has the split '{row['split']}'; write train, val, test, unlabelled, or nothing"
        )
    start_s, end_s = _seconds(row, "start_s"), _seconds(row, "end_s")
    if start_s is not None and end_s is not None and end_s <= start_s:
        raise DataError(f"{row.where}: end_s {end_s:g} must be greater than start_s {start_s:g}")
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


def _seconds(row: Row, column: str) -> float | None:
    text = row.get(column)
    if not text:
        return None
    try:
        value = number(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0):
        raise DataError(f"{row.where} has {column} '{text}'; write seconds, 0 or more, such as 1.5")
    return value
