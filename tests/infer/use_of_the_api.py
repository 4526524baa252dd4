"""How a user's typed program uses vidfer; a type checker reads it, nothing runs it."""

from pathlib import Path

import numpy as np
import torch
from typing_extensions import assert_type

import vidfer
from vidfer import Answers, FilmSettings, Moment, Prediction, WindowSettings

predictor = vidfer.load("basic7", device="cpu", films=FilmSettings(fps=10.0, face="main"))
assert_type(predictor, vidfer.Predictor)
for moment in predictor.stream(Path("a.mp4"), start_s=1.0):
    assert_type(moment, Moment)
    assert_type(moment.face_id, int | None)
    assert_type(moment.probabilities["happy"], float)
assert_type(predictor.predict(["a.mp4", "b.mp4"]), Prediction)
assert_type(predictor.predict_faces(np.zeros((1, 8, 8, 3), np.uint8)), Answers)
assert_type(predictor.predict_faces(torch.zeros(1, 3, 8, 8)), Answers)
assert_type(predictor.predict_clips(vidfer.CropCache("a.h5"), frames=4).labels, tuple[str, ...])
assert_type(predictor.with_support({"pout": ["a.mp4"], "wink": [Path("b.mp4")]}), vidfer.Predictor)
other = vidfer.load(Path("runs/student"), windows=WindowSettings(step_s=0.5), accuracy=0.9)
assert_type(other.classes, tuple[str, ...])
for image, moments in other.stream_frames([(0.0, np.zeros((8, 8, 3), np.uint8))]):
    assert_type(image, np.ndarray)
    assert_type(moments, list[Moment])
try:
    vidfer.no_such_name()  # type: ignore[attr-defined]
except vidfer.errors.DataError as error:
    assert_type(error, vidfer.errors.DataError)
