"""Clips listed in a CSV or Parquet file."""

from __future__ import annotations

import math
from pathlib import Path

from vidfer.clips.clip import Clip
from vidfer.clips.labels import canonical_label
from vidfer.clips.listing import this_listing
from vidfer.clips.media import list_folder
from vidfer.clips.named_path import NamedPaths
from vidfer.clips.root_checks import check_folder
from vidfer.clips.source import Source
from vidfer.clips.splits import canonical_split
from vidfer.errors import DataError
from vidfer.tables import Row, number, read_table

SUFFIXES = (".csv", ".parquet")

OPTIONAL = ("id", "label", "subject", "split", "start_s", "end_s")


def find_table_clips(root: Path) -> list[Clip]:
    """Lists the clips of a table, one row each.

    The root is the table, or a folder with one table in it. The column ``path`` is needed: a video, an image
    or a folder of frames, as an absolute path or relative to the folder of the table, in any spelling
    (:class:`~vidfer.clips.named_path.NamedPaths`). These columns are read where they are there: ``id`` (if
    not, the path), ``label``, ``subject``, ``split`` (train, val, test, unlabelled), ``start_s`` and
    ``end_s`` in seconds. An empty cell means unknown. Other columns are not read; the notes of the listing
    name them.

    Raises:
        DataError: there is no table, its columns are wrong, or a row names a missing file, a wrong split or
            wrong times.
    """
    file = _find_table(root)
    rows = read_table(file, ("path",), OPTIONAL)
    _tell_columns(rows[:1], file)
    if not rows:
        raise DataError(f"{file} has a header but no rows; write one row for each clip")
    paths = NamedPaths(file.parent)
    clips = [_clip(row, paths) for row in rows]
    missing = [(row, clip) for row, clip in zip(rows, clips) if not clip.path.exists()]
    if missing:
        row, clip = missing[0]
        raise DataError(
            f"{len(missing)} of {len(clips)} rows of {file} name files that do not exist. The first is "
            f"{clip.path} (path '{row['path']}', {row.where}). Paths are relative to {file.parent}"
        )
    return clips


def _tell_columns(rows: list[Row], file: Path) -> None:
    """Tells the user which columns are read and which are not."""
    for row in rows:
        used = [name for name in row if name in ("path", *OPTIONAL)]
        others = [name for name in row if name and name not in used]
        unused = f"; not read: {', '.join(others)}" if others else ""
        this_listing(file.parent).note(f"columns of {file} that are read: {', '.join(used)}{unused}")


def _find_table(root: Path) -> Path:
    if root.is_file() and root.suffix.lower() in SUFFIXES:
        return root
    if root.is_file():
        raise DataError(f"{root} is neither .csv nor .parquet; give a table in one of these formats")
    check_folder(root, "one .csv or .parquet table")
    tables = [path for path in list_folder(root) if path.suffix.lower() in SUFFIXES]
    if len(tables) != 1:
        found = ", ".join(path.name for path in tables) or "none"
        raise DataError(
            f"{root} must hold one .csv or .parquet table, and holds {found}; give the path of a table"
        )
    return tables[0]


def _clip(row: Row, paths: NamedPaths) -> Clip:
    if not row["path"]:
        raise DataError(f"{row.where} has an empty path; write the path, or delete the row")
    start_s, end_s = _seconds(row, "start_s"), _seconds(row, "end_s")
    if start_s is not None and end_s is not None and end_s <= start_s:
        raise DataError(f"{row.where}: end_s {end_s:g} must be greater than start_s {start_s:g}")
    label, text = row.get("label"), row["path"]
    path = paths.find(text)
    if "\\" in text and path is not None and path != paths.folder / text:
        text = text.replace("\\", "/")
    return Clip(
        id=row.get("id") or Path(text).as_posix(),
        path=path or paths.folder / text,
        label=canonical_label(label) if label else None,
        subject=row.get("subject") or None,
        split=canonical_split(row.get("split", ""), row.where),
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


TABLE = Source(
    find=find_table_clips,
    layout="a CSV or Parquet file with path and, if known, id, label, subject, split, start_s, end_s",
    labels="column label",
    size="yours",
    licence="yours",
)
