"""What a prediction says about one person in one frame of a film."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

UNSURE = "unsure"
"""The label where no expression is probable enough."""

NO_FACE = ""
"""The label of a frame in which nobody is seen."""


@dataclass(frozen=True, kw_only=True)
class Moment:
    """One person in one frame; or a frame in which nobody is seen, which has no ``face_id``."""

    input: str
    """The video, image or folder, as it was named."""
    frame: int
    """1, 2, 3 ... of the frames that were read, as OpenFace counts."""
    time_s: float
    """Seconds since the first frame of the file."""
    face_id: int | None = None
    """0, 1, 2 ... of the people of this input, in the order in which they appear."""
    score: float = 0.0
    """0..1: how surely this is a face."""
    box_xyxy: np.ndarray | None = None
    """(4,) float32 pixels of the upright frame."""
    landmarks: np.ndarray | None = None
    """(5,2) float32 pixels: eye, eye, nose tip, mouth corner, mouth corner. Tables do not keep them."""
    status: str = "missing"
    """``detected``, ``tracked``, ``interpolated`` or ``missing``."""
    label: str = NO_FACE
    """An expression, or :data:`UNSURE`."""
    probabilities: Mapping[str, float] = field(default_factory=dict)
    """Of each expression, 0..1, smoothed over time; empty where nobody is seen."""
    face_px: float | None = None
    """Side of the face square in pixels of the frame."""
    sharpness: float | None = None
    """See :mod:`vidfer.infer.face_quality`; so for the next two."""
    turn_deg: float | None = None
    brightness: float | None = None
    warnings: tuple[str, ...] = ()
    """Why the prediction may mislead, in plain words."""

    @property
    def has_face(self) -> bool:
        """Whether somebody is seen."""
        return self.face_id is not None
