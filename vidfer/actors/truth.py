"""Writes what was drawn (the truth) as CSV files beside the clips."""

from __future__ import annotations

from pathlib import Path

from vidfer.actors.draw import ClipTruth
from vidfer.actors.plan import PlannedClip
from vidfer.actors.settings import ActorSettings
from vidfer.actors.units import unit_columns
from vidfer.tables import write_table

BOX_COLUMNS = ("box_x1", "box_y1", "box_x2", "box_y2")
LANDMARKS = ("left_eye", "right_eye", "nose", "left_mouth", "right_mouth")
"""The landmarks in MTCNN's order; left and right are those of the picture."""


def write_clip_truth(truth: ClipTruth, fps: int, path: Path) -> None:
    """Writes a row for each frame of a clip.

    Columns: frame, time_s, action units of both sides (0..1), face box and landmarks in pixels.
    """
    landmark_columns = [f"{name}_{axis}" for name in LANDMARKS for axis in "xy"]
    rows = []
    for index, units in enumerate(truth.intensities):
        places = [*truth.box_xyxy[index], *truth.landmarks[index].ravel()]
        strengths = (f"{value:.4g}" for value in units.ravel())
        rows.append([index, f"{index / fps:.4f}", *strengths, *(f"{value:.2f}" for value in places)])
    write_table(path, ["frame", "time_s", *unit_columns(), *BOX_COLUMNS, *landmark_columns], rows)


def write_tables(clips: list[PlannedClip], settings: ActorSettings, out: Path) -> None:
    """Writes ``subjects.csv`` and ``truth/truth.csv``, each with a row for each clip."""
    write_table(out / "subjects.csv", ["id", "subject"], [(clip.id, clip.subject) for clip in clips])
    columns = ["id", "subject", "label", "split", "setting", "seed", "n_frames"]
    rows = [
        (clip.id, clip.subject, clip.label, clip.split, settings.setting, clip.clip_seed, clip.n_frames)
        for clip in clips
    ]
    write_table(out / "truth" / "truth.csv", columns, rows)
