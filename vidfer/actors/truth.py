"""The truth beside the clips, as CSV."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from vidfer.actors.cast import Role
from vidfer.actors.draw import ClipTruth
from vidfer.actors.settings import ActorSettings
from vidfer.actors.units import unit_columns

BOX_COLUMNS = ("box_x1", "box_y1", "box_x2", "box_y2")
MARKS = ("left_eye", "right_eye", "nose", "left_mouth", "right_mouth")
"""MTCNN's order; left and right are the picture's."""


def clip_truth_csv(truth: ClipTruth, fps: int) -> str:
    """A row a frame: frame, time_s, action units of both sides (0..1), face box and landmarks in pixels."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    mark_columns = [f"{mark}_{axis}" for mark in MARKS for axis in "xy"]
    table.writerow(["frame", "time_s", *unit_columns(), *BOX_COLUMNS, *mark_columns])
    for index, units in enumerate(truth.intensities):
        places = [*truth.box_xyxy[index], *truth.landmarks[index].ravel()]
        strengths = (f"{value:.4g}" for value in units.ravel())
        table.writerow([index, f"{index / fps:.4f}", *strengths, *(f"{value:.2f}" for value in places)])
    return text.getvalue()


def write_tables(roles: list[Role], settings: ActorSettings, out: Path) -> None:
    """Write ``subjects.csv`` and ``truth/truth.csv``."""
    _write_csv(out / "subjects.csv", ["id", "subject"], [(role.id, role.subject) for role in roles])
    columns = ["id", "subject", "label", "split", "setting", "seed", "n_frames"]
    rows = [
        (role.id, role.subject, role.label, role.split, settings.setting, role.clip_seed, role.n_frames)
        for role in roles
    ]
    _write_csv(out / "truth" / "truth.csv", columns, rows)


def _write_csv(path: Path, columns: list[str], rows: list[tuple]) -> None:
    temporary = path.with_name(path.name + ".tmp")
    with temporary.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(columns)
        table.writerows(rows)
    temporary.replace(path)
