"""The truth beside the clips, as CSV."""

from __future__ import annotations

from pathlib import Path

from vidfer.actors.cast import Role
from vidfer.actors.draw import ClipTruth
from vidfer.actors.settings import ActorSettings
from vidfer.actors.units import unit_columns
from vidfer.tables import write_table

BOX_COLUMNS = ("box_x1", "box_y1", "box_x2", "box_y2")
MARKS = ("left_eye", "right_eye", "nose", "left_mouth", "right_mouth")
"""MTCNN's order; left and right are the picture's."""


def write_clip_truth(truth: ClipTruth, fps: int, path: Path) -> None:
    """Write a row for each frame of a clip.

    Columns: frame, time_s, action units of both sides (0..1), face box and landmarks in pixels.
    """
    mark_columns = [f"{mark}_{axis}" for mark in MARKS for axis in "xy"]
    rows = []
    for index, units in enumerate(truth.intensities):
        places = [*truth.box_xyxy[index], *truth.landmarks[index].ravel()]
        strengths = (f"{value:.4g}" for value in units.ravel())
        rows.append([index, f"{index / fps:.4f}", *strengths, *(f"{value:.2f}" for value in places)])
    write_table(path, ["frame", "time_s", *unit_columns(), *BOX_COLUMNS, *mark_columns], rows)


def write_tables(roles: list[Role], settings: ActorSettings, out: Path) -> None:
    """Write ``subjects.csv`` and ``truth/truth.csv``."""
    write_table(out / "subjects.csv", ["id", "subject"], [(role.id, role.subject) for role in roles])
    columns = ["id", "subject", "label", "split", "setting", "seed", "n_frames"]
    rows = [
        (role.id, role.subject, role.label, role.split, settings.setting, role.clip_seed, role.n_frames)
        for role in roles
    ]
    write_table(out / "truth" / "truth.csv", columns, rows)
