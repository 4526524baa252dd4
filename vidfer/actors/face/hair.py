"""Draws hair behind the face, over the forehead and on the chin."""

from __future__ import annotations

import cv2
import numpy as np

from vidfer.actors.face.canvas import Canvas
from vidfer.actors.face.shapes import blend, fill, spline
from vidfer.actors.identity import Identity


def _strands(colour, rng: np.random.Generator, canvas: Canvas, contrast: float = 0.22) -> np.ndarray:
    """A texture of hair, float32 (H, W, 3): streaks that run down, with a shine near the top."""
    height, width = canvas.shape
    coarse = rng.normal(0, 1, (6, width // 2)).astype(np.float32)
    streaks = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    x, y = canvas.grid()
    shine = 0.25 * np.exp(-0.5 * ((y + 1.15 + 0.25 * x**2) / 0.14) ** 2)
    shade = 0.95 + contrast * 0.5 * streaks + shine - 0.12 * np.abs(x)
    return np.asarray(colour, np.float32) * shade[..., None].clip(0.4, 1.6) + 6


def _curls(
    rng: np.random.Generator, centre_y: float, radius: tuple[float, float], canvas: Canvas
) -> np.ndarray:
    """Curls as discs along an arc over the head, a uint8 mask."""
    mask = np.zeros(canvas.shape, np.uint8)
    for angle in np.linspace(-0.25, np.pi + 0.25, 17):
        point = np.array((radius[0] * np.cos(angle), centre_y - radius[1] * np.sin(angle))) + rng.normal(
            0, 0.03, 2
        )
        px, py = (int(v) for v in canvas.px(point).round())
        cv2.circle(mask, (px, py), round(rng.uniform(0.16, 0.24) * canvas.unit_px), 255, -1, cv2.LINE_AA)
    return mask


def draw_back_hair(
    colour: np.ndarray, opacity: np.ndarray, identity: Identity, rng: np.random.Generator, canvas: Canvas
) -> None:
    """Draws the hair, bun or scarf that lies behind the face, in place."""
    mask = np.zeros(canvas.shape, np.uint8)
    style = identity.hair_style
    if style in ("long", "scarf"):
        half = [(0.6, -1.52), (1.12, -0.9), (1.2, 0.0), (1.22, 0.9), (1.1, 1.6), (0.75, 1.9)]
        points = [(0, -1.62), *half, (0, 1.9), *[(-px, py) for px, py in reversed(half)]]
        fill(mask, canvas.px(spline(np.array(points))), 255)
    elif style == "bun":
        px, py = (int(v) for v in canvas.px((0, -1.62)).round())
        cv2.circle(mask, (px, py), round(0.32 * canvas.unit_px), 255, -1, cv2.LINE_AA)
    elif style == "curly":
        mask = _curls(rng, -0.35, (1.08, 1.10), canvas)
    else:
        return
    base = identity.clothes if style == "scarf" else identity.hair
    blend(colour, _strands(base, rng, canvas, 0.08 if style == "scarf" else 0.22) * 0.8, mask)
    np.maximum(opacity, mask, out=opacity)


def draw_front_hair(
    opacity: np.ndarray, identity: Identity, rng: np.random.Generator, canvas: Canvas
) -> tuple[np.ndarray, np.ndarray]:
    """Draws the hair over the forehead.

    Returns:
        colour, uint8 (H, W, 3), and opacity, uint8 (H, W). The opacity of the head grows by it, in place.
    """
    mask = np.zeros(canvas.shape, np.uint8)
    style = identity.hair_style
    if style != "bald":
        fill(mask, canvas.px(_cap(style, identity)), 255)
        if style == "curly":
            np.maximum(mask, _curls(rng, -0.75, (0.72, 0.52), canvas), out=mask)
    contrast = 0.08 if style == "scarf" else 0.22
    layer = _strands(identity.clothes if style == "scarf" else identity.hair, rng, canvas, contrast)
    mask = cv2.GaussianBlur(mask, (3, 3), 0)
    np.maximum(opacity, mask, out=opacity)
    return layer.clip(0, 255).astype(np.uint8), mask


def _cap(style: str, identity: Identity) -> np.ndarray:
    """The contour of the hair above the hair line, (n, 2) in face units."""
    temple = identity.temple_width
    side_y = {"short": -0.16, "parted": -0.10, "fringe": 0.12, "long": 1.0, "scarf": 1.0}.get(style, -0.25)
    side = {"fringe": 0.12, "long": 0.13, "scarf": 0.13}.get(style, 0.015)
    lift = {"curly": 0.08, "parted": 0.06, "bun": -0.04}.get(style, 0.0)
    outside = [(temple + side, side_y), (temple + 0.12, -0.55), (0.66, -1.34 - lift), (0.0, -1.54 - lift)]
    line = {
        "short": [(0.80, -0.62), (0.62, -0.90), (0.0, -0.98)],
        "parted": [(0.82, -0.58), (0.66, -0.80), (0.1, -0.92)],
        "fringe": [(0.84, -0.40), (0.60, -0.55), (0.0, -0.57)],
        "long": [(0.86, -0.35), (0.55, -0.86), (0.05, -1.04)],
        "scarf": [(0.88, -0.35), (0.66, -0.78), (0.0, -0.90)],
        "curly": [(0.84, -0.50), (0.60, -0.88), (0.0, -0.95)],
        "bun": [(0.84, -0.55), (0.60, -0.92), (0.0, -1.04)],
    }[style]
    inside = [(temple - 0.05, side_y), *line]
    right = np.array(outside), np.array(inside)
    left = np.array([(-px, py) for px, py in outside]), np.array([(-px, py) for px, py in inside])
    if style == "parted":  # the hair falls from a parting on one side
        left[1][2:, 1] += np.array([-0.10, 0.0])
        right[1][2:, 1] += np.array([0.12, -0.04])
    outer = spline(np.concatenate([right[0], left[0][-2::-1]]), closed=False)
    inner = spline(np.concatenate([left[1], right[1][-2::-1]]), closed=False)
    return np.concatenate([outer, inner])


def draw_beard(
    colour: np.ndarray, face: np.ndarray, identity: Identity, rng: np.random.Generator, canvas: Canvas
) -> None:
    """Draws stubble, moustache, goatee or full beard on the skin, in place. The mouth comes over it later."""
    if identity.beard == "none":
        return
    mask = np.zeros(canvas.shape, np.uint8)
    mouth_y, chin_y = identity.mouth_y, identity.chin_y
    mouth = np.array((0, mouth_y))
    if identity.beard in ("stubble", "full"):
        jaw = identity.jaw_width
        half = [(1.0, 0.25), (jaw + 0.1, 0.9), (identity.chin_width + 0.05, chin_y), (0.0, chin_y + 0.06)]
        inner = [(0.88, 0.3), (0.70, 0.72), (0.46, mouth_y - 0.12), (0.0, mouth_y - 0.20)]
        points = [
            *half,
            *[(-px, py) for px, py in half[-2::-1]],
            *[(-px, py) for px, py in inner],
            *inner[-2::-1],
        ]
        fill(mask, canvas.px(np.array(points)), 255)
    if identity.beard in ("moustache", "goatee"):
        half = [(0.0, -0.19), (0.22, -0.17), (0.38, -0.03), (0.36, 0.03), (0.15, -0.06), (0.0, -0.07)]
        points = half + [(-px, py) for px, py in reversed(half)]
        fill(mask, canvas.px(np.array(points) + mouth), 255)
    if identity.beard == "goatee":
        half = [(0.0, 0.17), (0.24, 0.16), (0.26, chin_y - mouth_y - 0.1), (0.0, chin_y - mouth_y + 0.04)]
        points = half + [(-px, py) for px, py in reversed(half)]
        fill(mask, canvas.px(np.array(points) + mouth), 255)
    mask = cv2.GaussianBlur(np.minimum(mask, face), (0, 0), 0.035 * canvas.unit_px)
    strength = 0.32 if identity.beard == "stubble" else 0.85
    grain = rng.uniform(0.75, 1.0, canvas.shape).astype(np.float32) * strength
    blend(colour, _strands(identity.hair, rng, canvas), (mask * grain).astype(np.uint8))
