"""The faces of a picture that was searched together with others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vidfer.crops.detect.faces import Faces
from vidfer.crops.settings import CropSettings


@dataclass(frozen=True)
class SearchedPicture:
    """Stands for the detector where the only frame of a clip has been searched already."""

    faces: Faces
    settings: CropSettings

    def detect(self, images: Sequence[np.ndarray]) -> list[Faces]:
        """The faces of that frame; ``images`` holds it and nothing else."""
        (_,) = images
        return [self.faces]
