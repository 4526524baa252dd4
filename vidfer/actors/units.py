"""The action units of the Facial Action Coding System (FACS) that actors can show."""

from __future__ import annotations

import numpy as np

UNITS: dict[int, str] = {
    1: "inner brow raiser",
    2: "outer brow raiser",
    4: "brow lowerer",
    5: "upper lid raiser",
    6: "cheek raiser",
    7: "lid tightener",
    9: "nose wrinkler",
    10: "upper lip raiser",
    12: "lip corner puller",
    14: "dimpler",
    15: "lip corner depressor",
    17: "chin raiser",
    18: "lip pucker",
    20: "lip stretcher",
    23: "lip tightener",
    25: "lips part",
    26: "jaw drop",
    45: "blink",
}
"""The name of each unit, by its FACS number."""

CENTRAL_UNITS = frozenset({17, 18, 23, 25, 26})
"""Units of muscles at the middle line. They move both sides alike."""

INDEX: dict[int, int] = {unit: position for position, unit in enumerate(UNITS)}
"""The row of each unit in an array of intensities, by its FACS number."""

SIDES = ("left", "right")
"""Left and right of the person; the left side is on the right of the picture."""


def resting(n_frames: int) -> np.ndarray:
    """The intensities of a face at rest: zeros, float64 (n_frames, units, 2 sides)."""
    return np.zeros((n_frames, len(UNITS), len(SIDES)))


def unit_columns() -> list[str]:
    """The columns of the truth files, in the order of ``intensities.reshape(n_frames, -1)``."""
    return [f"AU{unit:02d}_{side}" for unit in UNITS for side in SIDES]
