"""Gives whole frames light, blur and noise."""

from __future__ import annotations

import cv2
import numpy as np

from vidfer.actors.stage.scene import Scene

NOISE_MARGIN = 24
"""How much larger than the frame the picture of noise is; each frame takes another part of it."""


class Exposure:
    """The light and the sensor of one clip."""

    def __init__(self, rng: np.random.Generator, scene: Scene, size: tuple[int, int]) -> None:
        width, height = size
        self._scene = scene
        self._light = _light_map(scene, size)
        grain = rng.normal(0, scene.noise_sd, (height + NOISE_MARGIN, width + NOISE_MARGIN, 1))
        grain = (grain + rng.normal(0, 0.5 * scene.noise_sd, (*grain.shape[:2], 3))).round().astype(np.int16)
        self._lift = grain.clip(0, 255).astype(np.uint8)
        self._drop = (-grain).clip(0, 255).astype(np.uint8)
        self._offsets = rng.integers(0, NOISE_MARGIN, (len(scene.gain), 2))

    def expose(self, frame: np.ndarray, index: int) -> None:
        """Adds light, defocus and sensor noise to frame number ``index``, in place."""
        cv2.multiply(frame, self._light, frame, scale=float(self._scene.gain[index]) / 128)
        if self._scene.blur_px:
            cv2.GaussianBlur(frame, (0, 0), self._scene.blur_px, frame)
        (y, x), (height, width) = self._offsets[index], frame.shape[:2]
        part = (slice(y, y + height), slice(x, x + width))
        cv2.add(frame, self._lift[part], frame)
        cv2.subtract(frame, self._drop[part], frame)


def _light_map(scene: Scene, size: tuple[int, int]) -> np.ndarray:
    """The light on each pixel, uint8 (H, W, 3); 128 leaves a pixel as it is."""
    width, height = size
    x = np.linspace(-width / height, width / height, width, dtype=np.float32)[None]
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    angle = np.arctan2(scene.light[1], scene.light[0])
    light = 1 + 0.5 * scene.side_light * (np.cos(angle) * x + 0.5 * np.sin(angle) * y).clip(-1, 1)
    if scene.shadow is not None:
        direction, place, inside = scene.shadow
        edge = ((np.cos(direction) * x + np.sin(direction) * y - place) / 0.12).clip(-1, 1)
        light = light * (inside + (1 - inside) * (0.5 - 0.5 * edge))
    return (128 * light[..., None] * scene.tint.astype(np.float32)).clip(0, 255).astype(np.uint8)
