"""What is asked of the detector while faces are followed, by works that wait for the answers."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

Result = TypeVar("Result")


@dataclass(frozen=True, eq=False)
class Question:
    """Which faces some frames show: anywhere, or at places where they are expected."""

    images: Sequence[np.ndarray]
    """n frames, uint8 (H,W,3) RGB, of one size."""
    frames: np.ndarray | None = None
    """(k,) int: the frame of each square."""
    squares: np.ndarray | None = None
    """(k,4) float, xyxy in pixels: the expected places; None if the whole frames are searched."""


Asking = Generator[Question, Any, Result]
"""A work that needs detections: it yields questions, is sent the answer to each (``FaceDetector.answer``),
and returns what it has found."""
