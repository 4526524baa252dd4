"""How fast `vidfer predict` is, beside `vidfer cache` and beside what people use today.

All sides read one film in turn, on one thread. The figures are frames per second of processor time, the
median over turns. Without --film, a drawn actor is filmed at 1280x720.
"""

from __future__ import annotations

import resource
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import cv2
import numpy as np
import torch
from program import run

from vidfer.build.build_task import BuildTask
from vidfer.build.header import header_of
from vidfer.build.make_part import prepare
from vidfer.build.settings import BuildSettings
from vidfer.clips.clip import Clip
from vidfer.crops.decode.video import read_chunks
from vidfer.crops.detect.face_detector import FaceDetector
from vidfer.crops.settings import CropSettings
from vidfer.infer.load_classifier import load_classifier
from vidfer.infer.predict_film import FilmPredictor
from vidfer.infer.settings import FilmSettings
from vidfer.store.records import record_of
from vidfer.timing import take_seconds

MEDIAPIPE_LOOP = """
import sys, cv2
from mediapipe import Image, ImageFormat
from mediapipe.tasks import python as tasks
from mediapipe.tasks.python import vision
cv2.setNumThreads(1)
options = vision.FaceLandmarkerOptions(
    base_options=tasks.BaseOptions(model_asset_path=sys.argv[2]), output_face_blendshapes=True, num_faces=3,
    running_mode=vision.RunningMode.VIDEO)
film = cv2.VideoCapture(sys.argv[1])
step_ms = 1000 / film.get(cv2.CAP_PROP_FPS)
with vision.FaceLandmarker.create_from_options(options) as landmarker:
    n = 0
    while True:
        there, image = film.read()
        if not there:
            break
        rgb = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
        landmarker.detect_for_video(Image(image_format=ImageFormat.SRGB, data=rgb), int(n * step_ms))
        n += 1
"""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What is read, and who reads it."""

    film: Path | None = None
    """A video of people."""
    turns: int = 5
    """The median over turns is printed; a turn before them warms up."""
    size_px: int = 224
    """Side of the crops of the cache; 224 is the default of `vidfer cache`."""
    facenet: bool = False
    """Also facenet-pytorch's own driver, frame by frame, and the same network five times a second."""
    mediapipe: Path | None = None
    """A Python that has MediaPipe: also its face landmarker, with blendshapes, in a process of its own."""
    landmarker: Path | None = None
    """The model file of the face landmarker."""


def main(settings: Settings) -> None:
    """Measure and print."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        film = settings.film or draw_film(Path(folder) / "actor.mp4")
        chunks = list(read_chunks(film))
        n_frames, (height, width) = sum(map(len, chunks)), chunks[0].images.shape[1:3]
        del chunks
        clip = Clip(id="film", path=film.absolute())
        sides: dict[str, Callable[[], object]] = {
            "decoding alone": lambda: sum(len(chunk) for chunk in read_chunks(film)),
            "vidfer predict": predict(clip),
            "vidfer cache": cache(clip, Path(folder), settings.size_px),
        }
        if settings.facenet:
            sides["facenet-pytorch in a loop"] = facenet_loop(film)
        if settings.mediapipe:
            command = [settings.mediapipe, "-c", MEDIAPIPE_LOOP, film, settings.landmarker]
            sides["MediaPipe face landmarker"] = lambda: subprocess.run(
                command, check=True, capture_output=True
            )
        seconds: dict[str, list[float]] = {side: [] for side in sides}
        stages: dict[str, float] = {}
        for turn in range(settings.turns + 1):
            for side, job in sides.items():
                take_seconds()
                begin = cpu_s()
                job()
                if turn:
                    seconds[side].append(cpu_s() - begin)
                    stages = take_seconds() if side == "vidfer predict" else stages
    print(f"{n_frames} frames of {width}x{height}; medians of {settings.turns} turns, one thread")
    for side, all_s in seconds.items():
        rates = sorted(n_frames / s for s in all_s)
        print(f"{side:28}{median(rates):8.1f} frames per CPU second  [{rates[0]:.1f}, {rates[-1]:.1f}]")
    shares = [c / p for p, c in zip(seconds["vidfer predict"], seconds["vidfer cache"])]
    print(f"predict reaches {median(shares):.2f} times the rate of cache (median of the turns)")
    print("a prediction's seconds: " + ", ".join(f"{name} {s:.2f}" for name, s in stages.items()))


def cpu_s() -> float:
    """Processor time of this process and of those that it has started, in seconds."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def predict(clip: Clip) -> Callable[[], object]:
    """The network in the box, five windows a second."""
    settings = FilmSettings()
    predictor = FilmPredictor(
        classifier=load_classifier()[0], detector=FaceDetector("cpu", settings), crops=settings
    )
    return lambda: sum(1 for _ in predictor.predict(clip).moments())


def cache(clip: Clip, folder: Path, size_px: int) -> Callable[[], object]:
    """What a worker of `vidfer cache --face all` does with the film."""
    crops, build = CropSettings(size_px=size_px, face="all"), BuildSettings(workers=1)
    header = header_of(crops, build)
    task = BuildTask(
        out=folder / "film.h5",
        header=header,
        crop_settings=crops,
        build_settings=build,
        device="cpu",
        n_workers=1,
        n_cores=1,
    )
    task.parts.folder.mkdir(parents=True)
    task.parts.prepare(header, overwrite=False)
    make = prepare(task.parts, header, crops, "cpu", overlap=False)
    return lambda: make([(clip, record_of(clip))])


def facenet_loop(film: Path) -> Callable[[], object]:
    """What people write today: every frame through ``MTCNN.detect``; five times a second, the network on the
    boxes."""
    from facenet_pytorch import MTCNN

    detector = MTCNN(keep_all=True, min_face_size=40)
    classifier, _ = load_classifier()
    side = classifier.crop_px

    def run() -> None:
        last_s = -1.0
        for chunk in read_chunks(film):
            for image, time_s in zip(chunk.images, chunk.times_s):
                boxes, _ = detector.detect(image)
                if boxes is None or time_s - last_s < 0.2 - 1e-6:
                    continue
                last_s = time_s
                for x1, y1, x2, y2 in np.asarray(boxes, float).round().astype(int).clip(0):
                    face = cv2.resize(image[y1 : y2 + 1, x1 : x2 + 1], (side, side)).transpose(2, 0, 1)
                    crops = np.broadcast_to(face, (1, 5, 3, *face.shape))
                    classifier.probabilities(np.ascontiguousarray(crops), np.ones((1, 5), bool))

    return run


def draw_film(path: Path) -> Path:
    """Ten seconds of a drawn actor at 1280x720, 25 frames a second."""
    from vidfer.actors.draw import draw_clip
    from vidfer.actors.encode import encode
    from vidfer.actors.identity import sample_identity

    identity = sample_identity(np.random.default_rng(2))
    options = {"setting": "studio", "n_frames": 125, "fps": 25, "size": (1280, 720)}
    images, _ = draw_clip(identity, "happy", seed=2, **options)
    encode(np.concatenate([images, images[::-1]]), path, fps=25, crf=20)
    return path


if __name__ == "__main__":
    run(main, Settings, __doc__)
