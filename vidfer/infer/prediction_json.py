"""A whole prediction as plain data, for scripts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from vidfer.infer.prediction_folder import PredictionFolder
from vidfer.infer.summary import SEGMENT_COLUMNS, clip_columns
from vidfer.tables import Row, iterate_table

TEXTS = ("label",)
"""Columns whose cells are texts, also where they look like numbers."""


def prediction_json(about: PredictionFolder) -> dict:
    """Model, settings, and for each input its people and segments; the frames stay in ``frames.csv``."""
    content = {name: value for name, value in asdict(about).items() if name not in ("folder", "bytes_done")}
    inputs = {one["name"]: one | {"people": [], "segments": []} for one in content["inputs"]}
    tables = (
        ("people", about.clips_csv, clip_columns(about.classes)),
        ("segments", about.segments_csv, SEGMENT_COLUMNS),
    )
    for kind, table, columns in tables:
        for row in iterate_table(table, tuple(name.lower() for name in columns)):
            inputs[row["input"]][kind].append(_plain(row, columns))
    return content | {"folder": str(about.folder), "inputs": list(inputs.values())}


def _plain(row: Row, columns: Sequence[str]) -> dict:
    """A row without the name of the input; numbers as numbers, and names with their capitals."""
    cells = {name: row[name.lower()] for name in columns if name != "input"}
    return {name: cell if name in TEXTS else _number(cell) for name, cell in cells.items()}


def _number(cell: str) -> str | int | float | None:
    for kind in (int, float):
        try:
            return kind(cell)
        except ValueError:
            continue
    return cell or None
