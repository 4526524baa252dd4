"""Drawn people to look for, and one detector for all tests of this room."""

import numpy as np
import pytest

from vidfer.actors.draw import draw_clip
from vidfer.actors.identity import sample_identity
from vidfer.crops.detect.face_detector import FaceDetector
from vidfer.crops.settings import CropSettings


@pytest.fixture(scope="session")
def detector() -> FaceDetector:
    return FaceDetector("cpu", CropSettings())


@pytest.fixture(scope="session")
def draw_actor():
    """draw_actor(person, n_frames, label) -> frames uint8 (T,240,320,3), ClipTruth."""

    def draw(person: int, n_frames: int, label: str = "happy", setting: str = "studio"):
        identity = sample_identity(np.random.default_rng(person))
        return draw_clip(
            identity, label, setting=setting, seed=person, n_frames=n_frames, fps=25, size=(320, 240)
        )

    return draw
