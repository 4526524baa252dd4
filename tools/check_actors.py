"""Measures how often MTCNN finds the faces of actors, and how fast clips are drawn and encoded.

    python tools/check_actors.py --clips 60

A face is found if ``MTCNN.detect`` of facenet-pytorch gives a box with a probability of 0.9 or more whose
intersection over union with the true box is 0.4 or more.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from counts import check_counts
from facenet_pytorch import MTCNN
from program import run

from vidfer.actors.conditions import CONDITIONS
from vidfer.actors.draw import draw_clip
from vidfer.actors.encode import encode
from vidfer.actors.identity import sample_identity
from vidfer.percent import percent


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What to measure."""

    clips: int = 60
    """Number of clips of each setting; each shows another person."""
    stride: int = 5
    """MTCNN runs on each n-th frame."""
    seed: int = 0
    """Seed of people and scenes."""
    pictures: Path | None = None
    """Folder for the frames in which MTCNN finds no face."""

    def __post_init__(self) -> None:
        check_counts(self, "clips", "stride")
        check_counts(self, "seed", least=0)


FPS, SIZE, N_FRAMES = 25, (320, 240), 33
LABELS = ("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise", "contempt")


def overlap(box: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Intersection over union of one box (4,) with many (k, 4)."""
    shared = np.minimum(box[2:], boxes[:, 2:]) - np.maximum(box[:2], boxes[:, :2])
    shared = shared.clip(0).prod(1)
    return shared / ((box[2:] - box[:2]).prod() + (boxes[:, 2:] - boxes[:, :2]).prod(1) - shared)


def draw_clips(setting: str, settings: Settings) -> tuple[np.ndarray, np.ndarray, float, float]:
    """The frames for MTCNN, their true boxes, and the CPU seconds of drawing and of encoding."""
    frames, boxes = [], []
    drawing_s = encoding_s = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for n in range(settings.clips):
            start_s = time.process_time()
            identity = sample_identity(np.random.default_rng([settings.seed, 1, n]))
            label, seed = LABELS[n % len(LABELS)], settings.seed * 1_000_003 + n
            images, truth = draw_clip(
                identity, label, setting=setting, seed=seed, n_frames=N_FRAMES, fps=FPS, size=SIZE
            )
            drawn_s = time.process_time()
            encode(images, Path(folder) / "clip.avi", fps=FPS, crf=CONDITIONS[setting].crf)
            drawing_s += drawn_s - start_s
            encoding_s += time.process_time() - drawn_s
            frames.append(images[:: settings.stride])
            boxes.append(truth.box_xyxy[:: settings.stride])
    return np.concatenate(frames), np.concatenate(boxes), drawing_s, encoding_s


def find_faces(frames: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Whether MTCNN finds the face of each frame, bool (n,)."""
    mtcnn = MTCNN(keep_all=True, min_face_size=40, device="cpu")
    found = []
    for start in range(0, len(frames), 32):
        detections = mtcnn.detect(frames[start : start + 32])
        for truth, faces, scores in zip(boxes[start : start + 32], *detections):
            sure = faces is not None and (scores >= 0.9) & (overlap(truth, faces) >= 0.4)
            found.append(bool(np.any(sure)))
    return np.array(found)


def main(settings: Settings) -> None:
    cv2.setNumThreads(1)
    for setting in CONDITIONS:
        frames, boxes, drawing_s, encoding_s = draw_clips(setting, settings)
        found = find_faces(frames, boxes)
        n_drawn = settings.clips * N_FRAMES
        print(
            f"{setting}: face found in {found.sum()} of {len(found)} frames ({percent(found.mean(), 1)}) of "
            f"{settings.clips} clips; {n_drawn / (drawing_s + encoding_s):.0f} frames/s per core "
            f"({n_drawn} frames, {SIZE[0]}x{SIZE[1]}: {drawing_s:.1f} s drawing, {encoding_s:.1f} s encoding)"
        )
        if settings.pictures is not None:
            settings.pictures.mkdir(parents=True, exist_ok=True)
            for n in np.flatnonzero(~found):
                cv2.imwrite(str(settings.pictures / f"{setting}_{n:05d}.png"), frames[n][..., ::-1])


if __name__ == "__main__":
    run(main, Settings, __doc__)
