"""Draws the skin: shaded by the light, with hollows, bumps and freckles."""

from __future__ import annotations

import cv2
import numpy as np

from vidfer.actors.face.canvas import Canvas
from vidfer.actors.identity import Identity


def bump(x: np.ndarray, y: np.ndarray, at: tuple[float, float], spread: tuple[float, float]) -> np.ndarray:
    """A Gaussian bump at a place, with its spread in x and y, in face units."""
    return np.exp(-0.5 * (((x - at[0]) / spread[0]) ** 2 + ((y - at[1]) / spread[1]) ** 2))


def draw_skin(
    identity: Identity, light: tuple[float, float], rng: np.random.Generator, canvas: Canvas
) -> np.ndarray:
    """Shaded skin, float32 (H, W, 3): Lambert's law on an ellipsoid, with soft hollows and bumps."""
    x, y = canvas.grid()
    nx, ny = x / 1.12, (y - 0.05) / 1.55
    nz = np.sqrt(np.maximum(0.05, 1 - nx**2 - ny**2))
    lx, ly = light
    shade = 0.62 + 0.46 * (lx * nx + ly * ny + nz) / np.sqrt(1 + lx**2 + ly**2)
    eye_x, nose_y, mouth_y = identity.eye_x, identity.nose_y, identity.mouth_y
    for sign in (-1, 1):
        shade -= 0.17 * bump(x, y, (sign * (eye_x - 0.05), -0.13), (0.19, 0.10))  # socket
        shade -= (0.05 + 0.06 * identity.age) * bump(
            x, y, (sign * eye_x, 0.15), (0.17, 0.05)
        )  # under the eye
        shade += 0.07 * bump(x, y, (sign * 0.55, 0.32), (0.20, 0.16))  # cheekbone
        shade -= 0.10 * bump(x, y, (sign * 0.17, 0.12), (0.05, 0.26))  # side of the nose
        shade -= 0.09 * bump(
            x, y, (sign * (identity.nose_width + 0.05), nose_y - 0.02), (0.045, 0.08)
        )  # wing
        shade -= 0.08 * bump(x, y, (sign * 0.78, 0.75), (0.16, 0.30))  # hollow of the cheek
    shade += 0.10 * bump(x, y, (0, 0.12), (0.055, 0.30))  # ridge of the nose
    shade += 0.11 * bump(x, y, (0, nose_y - 0.07), (0.09, 0.08))  # tip of the nose
    shade -= 0.18 * bump(x, y, (0, nose_y + 0.10), (0.15, 0.05))  # shadow under the nose
    shade -= 0.05 * bump(x, y, (0, (nose_y + mouth_y) / 2 + 0.02), (0.03, 0.08))  # philtrum
    shade -= 0.14 * bump(x, y, (0, mouth_y + 0.20), (0.17, 0.045))  # under the lower lip
    shade += 0.06 * bump(x, y, (0, identity.chin_y - 0.17), (0.17, 0.10))  # chin
    shade += 0.05 * bump(x, y, (0, -0.72), (0.45, 0.18))  # forehead
    height, width = canvas.shape
    grain = rng.normal(0, 0.012, (height // 3, width // 3)).astype(np.float32)
    shade += cv2.resize(grain, (width, height), interpolation=cv2.INTER_LINEAR)
    if identity.freckles:
        shade -= _freckles(identity, rng, canvas)
    # Skin is redder in the shadow, because the blood shows where the surface reflects less light.
    tone = np.asarray(identity.skin, np.float32) * shade[..., None] ** np.array(
        (0.92, 1.05, 1.10), np.float32
    )
    for sign in (-1, 1):
        rosy = 0.07 * bump(x, y, (sign * 0.58, 0.38), (0.20, 0.16))[..., None]
        tone *= 1 - rosy * np.array((0.1, 1.0, 0.8), np.float32)
    return tone


def _freckles(identity: Identity, rng: np.random.Generator, canvas: Canvas) -> np.ndarray:
    spots = np.zeros(canvas.shape, np.float32)
    for sign in (-1, 1):
        points = rng.normal((sign * 0.45, 0.27), (0.17, 0.10), (round(25 * identity.freckles), 2))
        for px, py in canvas.px(points).round().astype(int):
            cv2.circle(spots, (int(px), int(py)), 1, 0.12, -1)
    return cv2.GaussianBlur(spots, (3, 3), 0)
