"""Draws the eyes. AU5 raises the upper lid, AU6 and AU7 raise the lower lid, AU45 closes the eye."""

from __future__ import annotations

import numpy as np

from vidfer.actors.face.canvas import Canvas
from vidfer.actors.face.shapes import as_colour, blend, disc, fill, stroke
from vidfer.actors.identity import Identity
from vidfer.actors.units import INDEX

EYE_Y = -0.01
IRIS_RADIUS = 0.098
LASH_SHADOW = np.array((0, 0.008))
GLINT = np.array((-0.03, -0.035))


def lids(identity: Identity, units: np.ndarray, sign: int) -> tuple[np.ndarray, np.ndarray]:
    """The edges of the upper and the lower lid from the inner to the outer corner, (n, 2) each in face units.

    Args:
        units: intensities of this side of the face in one frame, (units,).
        sign: 1 for the person's left side (right in the picture), -1 for the right side.
    """
    t = np.linspace(-1, 1, 15)
    raised, cheek, tight, closed = (float(units[INDEX[n]]) for n in (5, 6, 7, 45))
    smile, wrinkle = float(units[INDEX[12]]), float(units[INDEX[9]])
    x = identity.eye_x + identity.eye_width * t
    corner_y = EYE_Y + identity.eye_tilt * t
    up = identity.eye_open + 0.075 * raised - 0.030 * tight - 0.012 * cheek - 0.012 * wrinkle
    low = 0.068 + 0.012 * raised - 0.048 * tight - 0.040 * cheek - 0.015 * smile - 0.02 * wrinkle
    low = max(low, 0.0)
    up = up * (1 - closed) - 0.75 * low * closed
    bow = 1 - t**2
    upper = corner_y - up * bow**0.75 * (1 - 0.12 * t)
    lower = corner_y + low * bow**0.9
    return np.stack([sign * x, upper], 1), np.stack([sign * x, np.maximum(lower, upper + 0.004)], 1)


def draw_eye(
    image: np.ndarray,
    identity: Identity,
    units: np.ndarray,
    sign: int,
    gaze: tuple[float, float],
    canvas: Canvas,
) -> None:
    """Draws one eye, in place; ``gaze`` is the shift of the iris in face units, others as :func:`lids`."""
    upper, lower = lids(identity, units, sign)
    centre_x = sign * identity.eye_x
    rows, columns = canvas.window(centre_x - 0.30, EYE_Y - 0.28, centre_x + 0.30, EYE_Y + 0.18)
    area = image[rows, columns]
    offset = np.array((columns.start, rows.start))
    unit = canvas.unit_px
    ball = np.empty_like(area)
    ball[:] = (236, 232, 228)
    iris = canvas.px((centre_x + gaze[0], EYE_Y - 0.012 + gaze[1])) - offset
    disc(ball, iris, IRIS_RADIUS * unit, as_colour(identity.iris, 0.5))
    disc(ball, iris, (IRIS_RADIUS - 0.018) * unit, as_colour(identity.iris))
    disc(ball, iris, 0.046 * unit, (14, 12, 14))
    # The upper lid casts a shadow on the eyeball.
    stroke(ball, canvas.px(upper + LASH_SHADOW) - offset, (150, 140, 138), 0.035 * unit)
    disc(ball, iris + GLINT * unit, 0.017 * unit, (250, 250, 250))
    opening = np.zeros(area.shape[:2], np.uint8)
    contour = canvas.px(np.concatenate([upper, lower[::-1]])) - offset
    fill(opening, contour, 255)
    blend(area, ball, opening)
    skin = np.asarray(identity.skin)
    stroke(area, canvas.px(lower) - offset, as_colour(skin, 0.60), 0.012 * unit)
    lash_colour = as_colour(skin * 0.12 + np.asarray(identity.hair) * 0.3)
    stroke(area, canvas.px(upper) - offset, lash_colour, 0.030 * unit)
    lash = np.array([upper[-1], upper[-1] + (sign * 0.03, -0.012)])
    stroke(area, canvas.px(lash) - offset, lash_colour, 0.02 * unit)
