"""Real predictions of short videos: faces are found and followed, and the model in the box is asked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from vidfer.clips.clip import Clip
from vidfer.crops import STATUS
from vidfer.crops.detect.face_detector import FaceDetector
from vidfer.crops.extract import extract_crops
from vidfer.crops.settings import CropSettings
from vidfer.crops.track.followed_face import MISSING
from vidfer.included import checkpoint_folder
from vidfer.infer.classifier import NetworkClassifier
from vidfer.infer.face_quality import measure_face, quality_warnings
from vidfer.infer.moment import UNSURE, Moment
from vidfer.models.checkpoint import load_checkpoint

THRESHOLD = 0.4


def predicted_moments(
    path: Path,
    name: str,
    *,
    start_s: float | None = None,
    end_s: float | None = None,
    fps: float | None = None,
) -> tuple[list[list[Moment]], tuple[str, ...]]:
    """The moments of each frame, and the expressions."""
    network, _ = load_checkpoint(checkpoint_folder(Path("basic7")))
    classifier = NetworkClassifier(network, {})
    settings = CropSettings(size_px=80, face="all", fps=fps)
    clip = Clip(id=name, path=path, start_s=start_s, end_s=end_s, source="test")
    faces = extract_crops(clip, FaceDetector("cpu", settings), settings)
    frames: list[list[Moment]] = [[] for _ in faces[0].track.times_s]
    for face_id, face in enumerate(faces):
        track, crops = face.track, np.concatenate(list(face.iter_crops()))
        shares = _smooth(
            classifier.probabilities(np.moveaxis(crops, -1, 2)[:, None], np.ones((len(crops), 1), bool))
        )
        for i in np.flatnonzero(track.status != MISSING):
            quality = measure_face(track.landmarks[i], crops[i, 0], settings)
            probabilities = dict(zip(classifier.classes, map(float, shares[i])))
            best = max(probabilities, key=probabilities.get)
            frames[i].append(
                Moment(
                    input=name,
                    frame=i + 1,
                    time_s=float(track.times_s[i]),
                    face_id=face_id,
                    score=float(track.scores[i]),
                    box_xyxy=track.boxes_xyxy[i],
                    status=STATUS[track.status[i]],
                    label=best if probabilities[best] >= THRESHOLD else UNSURE,
                    probabilities=probabilities,
                    face_px=quality.face_px,
                    sharpness=quality.sharpness,
                    turn_deg=quality.turn_deg,
                    brightness=quality.brightness,
                    warnings=quality_warnings(quality),
                )
            )
    empty = [Moment(input=name, frame=i + 1, time_s=float(t)) for i, t in enumerate(faces[0].track.times_s)]
    return [found or [none] for found, none in zip(frames, empty)], classifier.classes


def _smooth(shares: np.ndarray, width: int = 9) -> np.ndarray:
    """The mean over nine frames."""
    padded = np.pad(shares, [(width // 2, width // 2), (0, 0)], mode="edge")
    return np.lib.stride_tricks.sliding_window_view(padded, width, axis=0).mean(-1)


def predict_into(folder: Path, videos: Sequence[Path], **part):
    """Predict videos and write the folder of the prediction."""
    from made_up_predictions import write_prediction

    found = {path: predicted_moments(path, path.name, **part) for path in videos}
    classes = next(iter(found.values()))[1]
    return write_prediction(folder, {path: frames for path, (frames, _) in found.items()}, classes=classes)
