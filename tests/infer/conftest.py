"""Films of drawn actors, and the network in the box."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vidfer.actors.draw import draw_clip
from vidfer.actors.encode import encode
from vidfer.actors.identity import sample_identity
from vidfer.crops.detect.face_detector import FaceDetector
from vidfer.infer.load_classifier import load_classifier
from vidfer.infer.predict_film import FilmPredictor
from vidfer.infer.settings import FilmSettings


def draw(person: int, n_frames: int, label: str) -> np.ndarray:
    identity = sample_identity(np.random.default_rng(person))
    return draw_clip(
        identity, label, setting="studio", seed=person, n_frames=n_frames, fps=25, size=(320, 240)
    )[0]


@pytest.fixture(scope="session")
def film_frames() -> np.ndarray:
    """Two people, then one of them alone, then nobody, then both again: uint8 (140,240,640,3)."""
    happy, other = draw(2, 50, "happy"), draw(5, 50, "surprise")
    both = np.concatenate([happy, other], axis=2)
    one = both[:40].copy()
    one[:, :, 320:] = 90
    nobody = np.full_like(both[:20], 90)
    return np.concatenate([both, one, nobody, both[:30]])


@pytest.fixture(scope="session")
def film(tmp_path_factory, film_frames) -> Path:
    path = tmp_path_factory.mktemp("films") / "two people.mp4"
    encode(film_frames, path, fps=25, crf=18)
    return path


@pytest.fixture(scope="session")
def film_predictor() -> FilmPredictor:
    """Everybody, by the network in the box."""
    settings = FilmSettings()
    return FilmPredictor(
        classifier=load_classifier()[0], detector=FaceDetector("cpu", settings), crops=settings
    )
