"""Draws the parts of a head that stay the same through a clip: skin, ears, eye sockets, nose, hair, depth."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from vidfer.actors.face.canvas import Canvas
from vidfer.actors.face.hair import draw_back_hair, draw_beard, draw_front_hair
from vidfer.actors.face.shapes import blend, fill, spline
from vidfer.actors.face.skin import bump, draw_skin
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
    blend(colour, draw_skin(identity, light, rng, canvas), cv2.dilate(face, np.ones((3, 3), np.uint8)))
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


def _movement(identity: Identity, canvas: Canvas) -> tuple[np.ndarray, np.ndarray]:
    x, y = canvas.grid()
    dome = np.maximum(0, 1 - (x / 1.25) ** 2 - ((y - 0.05) / 1.8) ** 2)
    nose = 0.22 * bump(x, y, (0, identity.nose_y - 0.1), (0.15, 0.22))
    depth = (0.62 * dome + nose) * canvas.unit_px
    below = ((y - identity.mouth_y) / (identity.chin_y - identity.mouth_y)).clip(0, 1)
    inside = (1.4 - np.abs(x)).clip(0, 0.4) / 0.4
    jaw = 0.17 * below * below * (3 - 2 * below) * inside * canvas.unit_px
    return depth.astype(np.float32), jaw.astype(np.float32)
