"""Measures where the network in the box loses accuracy: small, blurred, dark, bright and turned faces.

    python tools/face_quality.py --faces fer_aligned.h5 --others muxspace.h5 --face-landmarker FILE

`--faces` is a cache of FER2013's training images, aligned, with the held-out tenth as its split `val`; the
limits of `vidfer/infer/face_quality.py` come from it. `--others`, a cache of images of other people, only
checks. About five minutes on one core.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import torch
from program import run
from tables import markdown, percent, points

from vidfer.crops.settings import CropSettings
from vidfer.evaluate.intervals import mean_interval, wilson_interval
from vidfer.files import write_text
from vidfer.infer.face_quality import (
    BLURRED,
    DARK,
    OVEREXPOSED,
    SMALL_PX,
    TURNED_DEG,
    FaceQuality,
    measure_face,
    turn_deg,
)
from vidfer.models.checkpoint import load_checkpoint
from vidfer.models.encoders.face_landmarker import FaceLandmarkerEncoder
from vidfer.store.reader import CropCache

BATCH = 128
LOSS = 0.05
"""A limit is where the network has lost so much accuracy."""
ABOUT = Path(__file__).with_name("face_quality_about.md")
PAIRS = ((33, 263), (61, 291), (234, 454))
"""Points of MediaPipe on the right and on the left of a face: eyes, mouth, cheeks."""
TURNS_DEG = (0, 5, 10, 15, 20, 25, 30, 40, 91)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Which images, and where the page goes."""

    faces: Path
    """Aligned crops of FER2013; the split val is used."""
    others: Path
    """Aligned crops of images of other people; all are used."""
    face_landmarker: Path | None = None
    """MediaPipe's `face_landmarker.task`, to check the turn of heads with."""
    out: Path = field(default=Path("docs/results/face_quality.md"))
    """The page to write."""


@dataclass(frozen=True)
class Images:
    """Labelled images of people: their face crops and how each was found."""

    faces: np.ndarray
    labels: np.ndarray
    landmarks: np.ndarray
    settings: CropSettings

    def quality(self, faces: np.ndarray) -> list[FaceQuality]:
        """What is measured of these crops of the same images."""
        return [measure_face(points, face, self.settings) for points, face in zip(self.landmarks, faces)]


def read_images(path: Path, split: str | None, classes: Sequence[str]) -> Images:
    """The face crops of a cache's images in which a face was found."""
    cache, faces, labels, landmarks = CropCache(path), [], [], []
    for number, clip in enumerate(cache.clips):
        track = cache.frames(number)
        if split in (None, clip.split) and clip.label in classes and track.status[0] == 1:
            faces.append(cache.read(number, [0], regions=("face",))[0, 0].transpose(1, 2, 0))
            labels.append(classes.index(clip.label))
            landmarks.append(track.landmarks[0])
    kept = {name: value for name, value in cache.settings.items() if name in CropSettings.__annotations__}
    kept["thresholds"] = tuple(kept["thresholds"])
    return Images(np.stack(faces), np.array(labels), np.stack(landmarks), CropSettings(**kept))


def right(model: torch.nn.Module, faces: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Which faces (M,S,S,3) the network names right, (M,) bool."""
    found = []
    for start in range(0, len(faces), BATCH):
        batch = torch.from_numpy(faces[start : start + BATCH].transpose(0, 3, 1, 2).copy())
        crops = batch[:, None, None].expand(-1, -1, 3, -1, -1, -1)
        with torch.inference_mode():
            found.append(model(crops, torch.ones(len(batch), 1, dtype=torch.bool)).argmax(1).numpy())
    return np.concatenate(found) == labels


def smaller(side_px: float) -> Callable[[np.ndarray], np.ndarray]:
    """A face whose square has so many pixels, enlarged again."""

    def change(face: np.ndarray) -> np.ndarray:
        small = cv2.resize(face, (round(side_px),) * 2, interpolation=cv2.INTER_AREA)
        return cv2.resize(small, face.shape[:2], interpolation=cv2.INTER_LINEAR)

    return change


def blurred(sigma: float) -> Callable[[np.ndarray], np.ndarray]:
    """A Gaussian blur; ``sigma`` in sixty-fourths of the face square."""
    return lambda face: cv2.GaussianBlur(face, (0, 0), sigma * len(face) / 64)


def lighted(factor: float) -> Callable[[np.ndarray], np.ndarray]:
    """Less or more light, with the noise of a camera (2 grey levels) where there is less."""
    rng = np.random.default_rng(0)

    def change(face: np.ndarray) -> np.ndarray:
        noise = rng.normal(0, 2, face.shape) if factor < 1 else 0
        return np.clip(np.round(face.astype(np.float32) * factor + noise), 0, 255).astype(np.uint8)

    return change


def limit(measured: Sequence[float], losses: Sequence[float]) -> float | None:
    """The value at which the loss reaches ``LOSS``, on the line between two measurements."""
    for i in range(1, len(losses)):
        if losses[i] >= LOSS > losses[i - 1]:
            share = (LOSS - losses[i - 1]) / (losses[i] - losses[i - 1])
            return measured[i - 1] + share * (measured[i] - measured[i - 1])
    return None


STEPS = (
    ("Side of the face square in pixels", "face_px", smaller, (40, 32, 28, 24, 20, 16, 12)),
    ("Blur, sigma in sixty-fourths of the face square", "sharpness", blurred, (0.5, 1, 1.5, 2, 2.5, 3, 4)),
    ("Less light, times", "brightness", lighted, (0.5, 0.25, 0.15, 0.1, 0.07, 0.05, 0.03)),
    ("More light, times", "brightness", lighted, (1.3, 1.6, 2, 3)),
)


def degraded(model: torch.nn.Module, images: Images, plain: np.ndarray) -> list[str]:
    """A table for each way in which faces get worse."""
    before, parts = images.quality(images.faces), []
    for title, name, make, strengths in STEPS:
        typical = float(np.median([getattr(q, name) for q in before]))
        rows, measured, losses = (
            [["as it is", f"{typical:.2f}", percent(wilson_interval(*count(plain))), ""]],
            [typical],
            [0.0],
        )
        for strength in strengths:
            change = make(strength)
            faces = np.stack([change(face) for face in images.faces])
            now = right(model, faces, images.labels)
            value = float(
                strength
                if name == "face_px"
                else np.median([getattr(q, name) for q in images.quality(faces)])
            )
            loss = mean_interval(plain.astype(float) - now, "images")
            measured.append(value)
            losses.append(loss.mean)
            rows.append([f"{strength}", f"{value:.2f}", percent(wilson_interval(*count(now))), points(loss)])
            print(title, rows[-1], flush=True)
        at = limit(measured, losses)
        found = "never" if at is None else f"at {name} {at:.2f}"
        parts.append(
            f"**{title}.** 5 points are lost {found}.\n\n"
            + markdown(("", f"median {name}", "WAR", "points lost"), rows)
        )
    return parts


def count(right: np.ndarray) -> tuple[int, int]:
    return int(right.sum()), len(right)


def turned(images: Images, plain: np.ndarray) -> str:
    """Accuracy of the images whose heads are turned so far."""
    turn = np.abs([q.turn_deg for q in images.quality(images.faces)])
    rows = []
    for low, high in pairwise(TURNS_DEG):
        here = plain[(turn >= low) & (turn < high)]
        if len(here):
            rows.append(
                [f"{low} to {min(high, 90)}", f"{len(here):,}", percent(wilson_interval(*count(here)))]
            )
    return markdown(("degrees", "images", "WAR"), rows)


def against_mediapipe(images: Images, weights: Path) -> str:
    """How far the turn from five landmarks is from that of MediaPipe's points, on 500 of the images."""
    points = FaceLandmarkerEncoder()
    points.load_published(weights)
    points.eval()
    chosen = np.random.default_rng(0).permutation(len(images.faces))[:500]
    theirs = []
    for number in chosen:
        face = torch.from_numpy(images.faces[number].transpose(2, 0, 1).copy())[None].float() / 255
        with torch.inference_mode():
            found = points.find_points(face)[0][0].numpy()
        across = sum(found[left] - found[right] for right, left in PAIRS)
        theirs.append(np.degrees(np.arctan2(across[2], across[0])))
    ours = [turn_deg(images.landmarks[number], images.settings) for number in chosen]
    off, r = np.abs(np.subtract(ours, theirs)).mean(), np.corrcoef(ours, theirs)[0, 1]
    return (
        f"Against MediaPipe's points, on {len(chosen)} images: {off:.1f} degrees apart, correlation {r:.2f}."
    )


def flagged(images: Images) -> str:
    """The share of images, as they are, that a limit names."""
    found = images.quality(images.faces)
    shares = {
        f"face square below {SMALL_PX:g} px": [q.face_px < SMALL_PX for q in found],
        f"sharpness below {BLURRED:g}": [q.sharpness < BLURRED for q in found],
        f"brightness below {DARK:g}": [q.brightness < DARK for q in found],
        f"brightness above {OVEREXPOSED:g}": [q.brightness > OVEREXPOSED for q in found],
        f"turned by more than {TURNED_DEG:g}°": [abs(q.turn_deg) > TURNED_DEG for q in found],
    }
    return "; ".join(f"{name}: {100 * np.mean(share):.1f} %" for name, share in shares.items())


def main(settings: Settings) -> None:
    """Measure, and write the page."""
    model, _ = load_checkpoint(Path("basic7"))
    sections = [ABOUT.read_text(encoding="utf-8").rstrip()]
    for path, split in ((settings.faces, "val"), (settings.others, None)):
        images = read_images(path, split, model.classes)
        plain = right(model, images.faces, images.labels)
        title = (
            f"## {path.name}, {f'split {split}, ' if split else ''}{len(plain):,} images with a detected face"
        )
        tables = degraded(model, images, plain)
        sections += [
            title,
            *tables,
            "**Turned heads**, as they are in the images.",
            turned(images, plain),
            *([against_mediapipe(images, settings.face_landmarker)] if settings.face_landmarker else []),
            f"**Named by the limits, as they are:** {flagged(images)}.",
        ]
    write_text(settings.out, "\n\n".join(sections) + "\n")


if __name__ == "__main__":
    run(main, Settings, __doc__)
