"""A key frame: a frame of a clip that was searched as a whole."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vidfer.crops.detect.faces import Faces


@dataclass(frozen=True)
class KeyFrame:
    """The faces of a frame that was searched as a whole."""

    faces: Faces
    patches: np.ndarray
    """uint8 (k,24,24,3): the appearance of each face, see :mod:`vidfer.crops.track.appearance`."""
    shot: int
    """Number of the shot in the clip."""
    cut_places: np.ndarray | None = None
    """Boxes (m,4) of earlier faces at whose places a cut leads to this frame, while the rest of the picture
    stays; None where the shot does not begin so. See :mod:`vidfer.crops.track.face_cuts`."""
