"""A whole prediction as plain data, for scripts."""

from __future__ import annotations

from dataclasses import asdict

from vidfer.infer.prediction_folder import PredictionFolder
from vidfer.infer.summary import SEGMENT_COLUMNS
from vidfer.tables import Row, iterate_table


def prediction_json(about: PredictionFolder) -> dict:
    """Model, settings, and for each input its people and segments; the frames stay in ``frames.csv``."""
    content = {name: value for name, value in asdict(about).items() if name not in ("folder", "bytes_done")}
    inputs = {one["name"]: one | {"people": [], "segments": []} for one in content["inputs"]}
    for row in iterate_table(about.clips_csv, ("input", "face_id")):
        inputs[row["input"]]["people"].append(_plain(row))
    for row in iterate_table(about.segments_csv, SEGMENT_COLUMNS):
        inputs[row["input"]]["segments"].append(_plain(row))
    return content | {"folder": str(about.folder), "inputs": list(inputs.values())}


def _plain(row: Row) -> dict:
    """A row without the name of the input; numbers as numbers."""
    return {name: _number(cell) for name, cell in row.items() if name != "input"}


def _number(cell: str) -> str | int | float | None:
    for kind in (int, float):
        try:
            return kind(cell)
        except ValueError:
            continue
    return cell or None
