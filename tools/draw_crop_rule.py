"""Draw the rule by which face, eyes and mouth are cut: docs/images/crop_rule.png.

    python tools/draw_crop_rule.py docs/images/crop_rule.png

The person is drawn (vidfer.actors), not real.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import tyro
from PIL import Image
from program import run

from vidfer.actors.draw import draw_clip
from vidfer.actors.identity import sample_identity
from vidfer.crops import REGIONS
from vidfer.crops.detect.face_detector import FaceDetector
from vidfer.crops.regions import RegionSquares, crop_regions, region_squares
from vidfer.crops.settings import CropSettings

COLOURS = ("#ffd400", "#00e5ff", "#ff5cf4")
LEAN_DEGREES = 14


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What to draw."""

    out: tyro.conf.Positional[Path]
    """The PNG file to write."""


def main(settings: Settings) -> None:
    image, landmarks, crop_settings = leaning_actor()
    figure, axes = plt.subplot_mosaic(
        [["frame", "face"], ["frame", "eyes"], ["frame", "mouth"]],
        width_ratios=[2.6, 1],
        figsize=(8, 6),
        dpi=80,
    )
    draw_squares(axes["frame"], image, landmarks, region_squares(landmarks, crop_settings))
    for name, crop, colour in zip(REGIONS, crop_regions(image, landmarks, crop_settings), COLOURS):
        axes[name].imshow(crop)
        axes[name].set_title(name, fontsize=10)
        axes[name].set(xticks=[], yticks=[])
        for edge in axes[name].spines.values():
            edge.set(color=colour, linewidth=3)
    figure.tight_layout()
    figure.canvas.draw()
    picture = Image.fromarray(np.asarray(figure.canvas.buffer_rgba())[..., :3])
    # A palette makes the file a third as large.
    picture.quantize(128).save(settings.out, optimize=True)


def leaning_actor() -> tuple[np.ndarray, np.ndarray, CropSettings]:
    """A drawn person with a leaning head, and the landmarks that are found."""
    identity = sample_identity(np.random.default_rng(8))
    frames, _ = draw_clip(identity, "neutral", setting="studio", seed=8, n_frames=1, fps=25, size=(640, 480))
    turn = cv2.getRotationMatrix2D((320, 240), -LEAN_DEGREES, 1.0)
    image = cv2.warpAffine(
        frames[0], turn, (640, 480), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    settings = CropSettings()
    (faces,) = FaceDetector("cpu", settings).detect(image[None])
    return image, faces.landmarks[0], settings


def draw_squares(axis: plt.Axes, image: np.ndarray, landmarks: np.ndarray, squares: RegionSquares) -> None:
    axis.imshow(image)
    eyes, mouth = landmarks[:2].mean(axis=0), landmarks[3:].mean(axis=0)
    cos, sin = np.cos(squares.angle_rad), np.sin(squares.angle_rad)
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]]) / 2
    for name, centre, side, colour in zip(REGIONS, squares.centres, squares.sides, COLOURS):
        outline = corners * side @ np.array([[cos, sin], [-sin, cos]]) + centre
        axis.plot(*outline.T, color=colour, linewidth=2, label=name)
        axis.plot(*centre, "+", color=colour, markersize=9, markeredgewidth=2)
    axis.plot(*landmarks[:2].T, "w-", linewidth=1)
    axis.plot(*np.stack([eyes, mouth]).T, "w:", linewidth=1.5)
    axis.plot(*landmarks.T, "o", color="w", markersize=4)
    for text, point in (("E", eyes), ("M", mouth)):
        axis.annotate(text, point, (6, -10), textcoords="offset points", color="w", fontsize=11)
    extent = squares.sides[0] * 0.78
    x, y = squares.centres[0] - [0, extent * 0.12]
    axis.set(xlim=(x - extent, x + extent), ylim=(y + extent, y - extent), xticks=[], yticks=[])
    axis.legend(loc="lower left", fontsize=9)


if __name__ == "__main__":
    run(main, Settings, __doc__)
