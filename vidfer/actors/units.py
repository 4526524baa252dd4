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
"""FACS number to name."""

CENTRAL_UNITS = frozenset({17, 18, 23, 25, 26})
"""Units of muscles around the middle line, which move both sides alike."""

INDEX: dict[int, int] = {unit: position for position, unit in enumerate(UNITS)}
"""FACS number to row of an intensity array."""

SIDES = ("left", "right")
"""The person's own left and right; the left side is on the right of the picture."""


def resting(n_frames: int) -> np.ndarray:
    """Intensities of a face at rest: zeros, float64 (n_frames, units, 2 sides)."""
    return np.zeros((n_frames, len(UNITS), len(SIDES)))


def unit_columns() -> list[str]:
    """Column names of the truth files, in the order of ``intensities.reshape(n_frames, -1)``."""
    return [f"AU{unit:02d}_{side}" for unit in UNITS for side in SIDES]
