"""Draws what does not move: the room, and the actor's neck and shoulders."""

from __future__ import annotations

import cv2
import numpy as np

from vidfer.actors.face.shapes import as_colour, blend, fill, spline
from vidfer.actors.identity import CLOTHES, Identity

ROOMS = ("wall", "shelves", "lights", "garden")


def draw_room(rng: np.random.Generator, size: tuple[int, int], plain: bool) -> np.ndarray:
    """Draws a background, uint8 (H, W, 3); a ``plain`` one is the wall of a studio."""
    width, height = size
    x = np.linspace(-1, 1, width, dtype=np.float32)[None]
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    tone = np.array(CLOTHES[rng.integers(len(CLOTHES))]) * 0.35 + rng.uniform(60, 150)
    fall = 1.05 - 0.22 * (x**2 + y**2) + 0.1 * rng.normal() * x - 0.08 * y
    image = (tone.astype(np.float32) * fall[..., None]).clip(0, 255).astype(np.uint8)
    if plain:
        return image
    room = str(rng.choice(ROOMS))
    if room == "shelves":
        _draw_books(image, rng)
    elif room == "lights":
        image = (image * 0.4).astype(np.uint8)
        for _ in range(int(rng.integers(8, 20))):
            glow = np.zeros_like(image)
            place = (int(rng.uniform(0, width)), int(rng.uniform(0, height)))
            cv2.circle(
                glow, place, int(rng.uniform(0.02, 0.09) * width), as_colour(rng.uniform(60, 200, 3)), -1
            )
            image = cv2.add(image, glow)
    elif room == "garden":
        leaves = rng.normal(0, 1, (9, 12, 3)).astype(np.float32)
        texture = cv2.resize(leaves, (width, height), interpolation=cv2.INTER_CUBIC)
        green = np.array((96, 132, 84), np.float32) + 26 * texture.mean(2, keepdims=True) + 8 * texture
        image = (green + 50 * (-y[..., None]).clip(0, 1)).clip(0, 255).astype(np.uint8)
    else:
        left = rng.uniform(0.05, 0.6) * width
        frame = (int(left), int(rng.uniform(0.02, 0.2) * height))
        end = (int(left + 0.3 * width), int(frame[1] + 0.5 * height))
        cv2.rectangle(image, frame, end, as_colour(rng.uniform(60, 230, 3)), -1)
        cv2.rectangle(image, frame, end, as_colour(tone, 0.5), 3)
    return cv2.GaussianBlur(image, (0, 0), rng.uniform(0.008, 0.02) * width)


def _draw_books(image: np.ndarray, rng: np.random.Generator) -> None:
    """Draws three shelves with books, in place."""
    height, width = image.shape[:2]
    for board in (0.28, 0.60, 0.92):
        floor = round(board * height)
        left = rng.uniform(0, 0.1) * width
        while left < width:
            thick, tall = rng.uniform(0.02, 0.05) * width, rng.uniform(0.12, 0.22) * height
            colour = as_colour(CLOTHES[rng.integers(len(CLOTHES))], rng.uniform(0.5, 1.3))
            cv2.rectangle(image, (int(left), int(floor - tall)), (int(left + thick), floor), colour, -1)
            left += thick + (rng.uniform(0.05, 0.25) * width if rng.random() < 0.25 else 1)
        cv2.rectangle(image, (0, floor), (width, floor + max(2, height // 50)), (92, 70, 52), -1)


def draw_torso(image: np.ndarray, identity: Identity, centre_px: np.ndarray, half_width_px: float) -> None:
    """Draws neck and shoulders, in place, below a head whose eyes are around ``centre_px``."""

    def px(points) -> np.ndarray:
        return np.asarray(points, float) * half_width_px + centre_px

    height, width = image.shape[:2]
    y = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    neck = [(-0.58, 0.6), (-0.56, 1.35), (-0.72, 1.75), (0.72, 1.75), (0.56, 1.35), (0.58, 0.6)]
    mask = np.zeros((height, width), np.uint8)
    fill(mask, px(neck), 255)
    chin_px = px((0, 1.35))[1] / height
    shadow = 0.58 + 0.22 * ((y - chin_px) * height / half_width_px).clip(0, 1)
    blend(image, np.asarray(identity.skin, np.float32) * shadow, mask)
    half = [(0.40, 1.62), (0.75, 1.56), (1.35, 1.80), (1.85, 2.15), (2.1, 3.2), (2.1, 5.0)]
    body = [(0, 1.85), *half, *[(-bx, by) for bx, by in reversed(half)]]
    mask = np.zeros((height, width), np.uint8)
    fill(mask, px(spline(np.array(body), 6)), 255)
    x = (np.arange(width, dtype=np.float32) - centre_px[0]) / half_width_px
    fold = 1.0 - 0.10 * np.abs(x)[None, :, None] + 0.05 * np.cos(5 * x)[None, :, None]
    blend(image, (np.asarray(identity.clothes, np.float32) * fold * (1.1 - 0.2 * y)).clip(0, 255), mask)
