"""Draws the parts of a head that stay the same through a clip: skin, ears, eye sockets, nose, hair, depth."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from vidfer.actors.face.canvas import Canvas
from vidfer.actors.face.hair import draw_back_hair, draw_beard, draw_front_hair
from vidfer.actors.face.shapes import blend, fill, spline, stroke
from vidfer.actors.identity import Identity


@dataclass(frozen=True)
class HeadBase:
    """What each frame starts from. H and W are the height and width of the canvas."""

    colour: np.ndarray
    """uint8 (H, W, 3), RGB."""
    opacity: np.ndarray
    """uint8 (H, W): 255 where the head covers the background."""
    front_hair: tuple[np.ndarray, np.ndarray]
    """Colour and opacity of the hair that lies over the brows and the glasses."""
    depth: np.ndarray
    """float32 (H, W): how many pixels a point moves sideways for a turn of one radian."""
    jaw: np.ndarray
    """float32 (H, W): how many pixels the skin moves down when the jaw is fully open."""
    outline: np.ndarray
    """The contour of the face from the brows down, (n, 2) in face units."""

    def lay_front_hair(self, head: np.ndarray) -> None:
        """Lays the front hair over a drawn head, in place."""
        colour, mask = self.front_hair
        rows = mask.any(1).nonzero()[0]
        if len(rows):
            part = slice(rows[0], rows[-1] + 1)
            weight = mask[part].astype(np.float32) * np.float32(1 / 255)
            head[part] = cv2.blendLinear(colour[part], head[part], weight, 1 - weight)


def face_outline(identity: Identity) -> np.ndarray:
    """The contour of the face, (n, 2) in face units, clockwise from the top of the head."""
    right = [
        (0.55, -1.22),
        (identity.temple_width, -0.62),
        (identity.cheek_width, 0.02),
        (identity.cheek_width * 0.97, 0.38),
        (identity.jaw_width, 0.86),
        (identity.chin_width, identity.chin_y - 0.10),
    ]
    points = [(0, -1.38), *right, (0, identity.chin_y), *[(-x, y) for x, y in reversed(right)]]
    return spline(np.array(points))


def draw_base(identity: Identity, light: tuple[float, float], canvas: Canvas) -> HeadBase:
    """Draws the head at rest, without eyes, brows and mouth.

    Args:
        light: where the light comes from, x and y in -1..1; left and top are negative.
    """
    outline = face_outline(identity)
    rng = np.random.default_rng(identity.texture_seed)
    height, width = canvas.shape
    colour = np.zeros((height, width, 3), np.uint8)
    colour[:] = np.uint8(identity.clothes if identity.hair_style == "scarf" else identity.hair)
    opacity = np.zeros((height, width), np.uint8)
    draw_back_hair(colour, opacity, identity, rng, canvas)
    if identity.hair_style != "scarf":
        _draw_ears(colour, opacity, identity, canvas)
    face = np.zeros((height, width), np.uint8)
    fill(face, canvas.px(outline), 255)
    # The skin reaches one pixel beyond the face. Otherwise the hair behind shows through the smooth edge.
    blend(colour, _skin(identity, light, rng, canvas), cv2.dilate(face, np.ones((3, 3), np.uint8)))
    draw_beard(colour, face, identity, rng, canvas)
    np.maximum(opacity, face, out=opacity)
    front_hair = draw_front_hair(opacity, identity, rng, canvas)
    depth, jaw = _movement(identity, canvas)
    contour = outline[outline[:, 1] > -0.75]
    return HeadBase(colour, opacity, front_hair, depth, jaw, contour)


def _draw_ears(colour: np.ndarray, opacity: np.ndarray, identity: Identity, canvas: Canvas) -> None:
    for sign in (-1, 1):
        centre = canvas.px((sign * (identity.cheek_width + 0.03), 0.08))
        axes = (round(0.13 * canvas.unit_px), round(0.25 * canvas.unit_px))
        place = tuple(int(v) for v in centre.round())
        skin = tuple(int(v * 0.86) for v in identity.skin)
        wider = (axes[0] + 1, axes[1] + 1)
        cv2.ellipse(colour, place, wider, -8 * sign, 0, 360, skin, -1, cv2.LINE_AA)
        cv2.ellipse(opacity, place, axes, -8 * sign, 0, 360, 255, -1, cv2.LINE_AA)
        inner = (axes[0] // 2, round(axes[1] * 0.65))
        cv2.ellipse(
            colour, place, inner, -8 * sign, 0, 360, tuple(int(v * 0.7) for v in skin), -1, cv2.LINE_AA
        )


def _bump(x: np.ndarray, y: np.ndarray, at: tuple[float, float], spread: tuple[float, float]) -> np.ndarray:
    return np.exp(-0.5 * (((x - at[0]) / spread[0]) ** 2 + ((y - at[1]) / spread[1]) ** 2))


def _skin(
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
        shade -= 0.17 * _bump(x, y, (sign * (eye_x - 0.05), -0.13), (0.19, 0.10))  # socket
        shade -= (0.05 + 0.06 * identity.age) * _bump(
            x, y, (sign * eye_x, 0.15), (0.17, 0.05)
        )  # under the eye
        shade += 0.07 * _bump(x, y, (sign * 0.55, 0.32), (0.20, 0.16))  # cheekbone
        shade -= 0.10 * _bump(x, y, (sign * 0.17, 0.12), (0.05, 0.26))  # side of the nose
        shade -= 0.09 * _bump(
            x, y, (sign * (identity.nose_width + 0.05), nose_y - 0.02), (0.045, 0.08)
        )  # wing
        shade -= 0.08 * _bump(x, y, (sign * 0.78, 0.75), (0.16, 0.30))  # hollow of the cheek
    shade += 0.10 * _bump(x, y, (0, 0.12), (0.055, 0.30))  # ridge of the nose
    shade += 0.11 * _bump(x, y, (0, nose_y - 0.07), (0.09, 0.08))  # tip of the nose
    shade -= 0.18 * _bump(x, y, (0, nose_y + 0.10), (0.15, 0.05))  # shadow under the nose
    shade -= 0.05 * _bump(x, y, (0, (nose_y + mouth_y) / 2 + 0.02), (0.03, 0.08))  # philtrum
    shade -= 0.14 * _bump(x, y, (0, mouth_y + 0.20), (0.17, 0.045))  # under the lower lip
    shade += 0.06 * _bump(x, y, (0, identity.chin_y - 0.17), (0.17, 0.10))  # chin
    shade += 0.05 * _bump(x, y, (0, -0.72), (0.45, 0.18))  # forehead
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
        rosy = 0.07 * _bump(x, y, (sign * 0.58, 0.38), (0.20, 0.16))[..., None]
        tone *= 1 - rosy * np.array((0.1, 1.0, 0.8), np.float32)
    return tone


def _freckles(identity: Identity, rng: np.random.Generator, canvas: Canvas) -> np.ndarray:
    spots = np.zeros(canvas.shape, np.float32)
    for sign in (-1, 1):
        points = rng.normal((sign * 0.45, 0.27), (0.17, 0.10), (round(25 * identity.freckles), 2))
        for px, py in canvas.px(points).round().astype(int):
            cv2.circle(spots, (int(px), int(py)), 1, 0.12, -1)
    return cv2.GaussianBlur(spots, (3, 3), 0)


def draw_nostrils(shade: np.ndarray, identity: Identity, raised: float, canvas: Canvas) -> None:
    """Draws nostrils and wings of the nose into the shade map; ``raised`` (0..1) is AU9."""
    lift = 0.05 * raised
    y = identity.nose_y + 0.045 - lift
    for sign in (-1, 1):
        hole = np.array([(0.06, 0.0), (0.10, -0.02), (0.135, 0.0), (0.10, 0.022)]) * (sign, 1) + (0, y)
        fill(shade, canvas.px(hole), 40)
        w = identity.nose_width
        wing = [(w - 0.06, 0.05), (w - 0.005, 0.035), (w + 0.012, -0.03), (w - 0.01, -0.09)]
        stroke(shade, canvas.px(spline(np.array(wing) * (sign, 1) + (0, y - 0.01), 4, closed=False)), 88, 1.5)


def _movement(identity: Identity, canvas: Canvas) -> tuple[np.ndarray, np.ndarray]:
    x, y = canvas.grid()
    dome = np.maximum(0, 1 - (x / 1.25) ** 2 - ((y - 0.05) / 1.8) ** 2)
    nose = 0.22 * _bump(x, y, (0, identity.nose_y - 0.1), (0.15, 0.22))
    depth = (0.62 * dome + nose) * canvas.unit_px
    below = ((y - identity.mouth_y) / (identity.chin_y - identity.mouth_y)).clip(0, 1)
    inside = (1.4 - np.abs(x)).clip(0, 0.4) / 0.4
    jaw = 0.17 * below * below * (3 - 2 * below) * inside * canvas.unit_px
    return depth.astype(np.float32), jaw.astype(np.float32)
