"""What a prediction says about one person in one frame of a film."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

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
    """Seconds since the first frame of the file; of frames that a program gives, the time that it gives."""
    face_id: int | None = None
    """0, 1, 2 ... of the people of this input, in the order in which they appear."""
    score: float = 0.0
    """0..1: how surely this is a face."""
    box_xyxy: np.ndarray | None = None
    """(4,) float32 pixels of the upright frame."""
    landmarks: np.ndarray | None = None
    """(5,2) float32 pixels: eye, eye, nose tip, mouth corner, mouth corner. Tables do not keep them."""
    status: str = "missing"
    """``detected``, ``tracked``, ``interpolated``, ``assumed`` (nothing was searched: the picture was cut to
    the face before) or ``missing``."""
    label: str = NO_FACE
    """An expression, ``unsure``, or an empty text where nobody is seen."""
    probabilities: Mapping[str, float] = field(default_factory=dict)
    """Of each expression, 0..1, smoothed over time; empty where nobody is seen."""
    face_px: float | None = None
    """Side of the face square in pixels of the frame."""
    sharpness: float | None = None
    """0 (nothing but blur) to 1; a sharp face has about 0.65."""
    turn_deg: float | None = None
    """How far the head is turned to the side, in degrees; positive if the nose points to the right of the
    picture."""
    brightness: float | None = None
    """Median luma of the middle of the face, 0..255."""
    warnings: tuple[str, ...] = ()
    """Why the prediction may mislead, in plain words."""

    def __eq__(self, other: object) -> bool:
        """Whether all fields are the same, arrays number by number."""
        return equal_fields(self, other)

    def __hash__(self) -> int:
        return hash((self.input, self.frame, self.face_id))

    @property
    def has_face(self) -> bool:
        """Whether somebody is seen."""
        return self.face_id is not None


def equal_fields(one: DataclassInstance, other: object) -> bool:
    """Whether two records are of one kind and all their fields are the same; NaN is the same as NaN."""
    if type(one) is not type(other):
        return False
    return all(_equal(getattr(one, f.name), getattr(other, f.name)) for f in fields(one))


def _equal(a: object, b: object) -> bool:
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return np.array_equal(a, b, equal_nan=True)
    return not isinstance(a, np.ndarray) and not isinstance(b, np.ndarray) and a == b
