"""Puts the parts of a face together for one frame."""

from __future__ import annotations

import cv2
import numpy as np

from vidfer.actors.face.base import HeadBase
from vidfer.actors.face.brows import draw_brow
from vidfer.actors.face.canvas import Canvas
from vidfer.actors.face.eyes import EYE_Y, draw_eye
from vidfer.actors.face.folds import FLAT, fold_map
from vidfer.actors.face.glasses import draw_glasses
from vidfer.actors.face.mouth import draw_mouth, mouth_shape
from vidfer.actors.identity import Identity


def draw_head(
    base: HeadBase, identity: Identity, units: np.ndarray, gaze: np.ndarray, canvas: Canvas
) -> tuple[np.ndarray, np.ndarray]:
    """Draws the upright head with an expression.

    Args:
        base: the parts that stay the same through the clip.
        units: intensities of one frame, (units, 2 sides).
        gaze: shift of the iris, (2,) in face units.

    Returns:
        the head, uint8 (H, W, 3), and its five landmarks, (5, 2) in face units.
    """
    mouth = mouth_shape(identity, units)
    shade = fold_map(identity, units, mouth, canvas)
    head = cv2.multiply(base.colour, cv2.merge([shade, shade, shade]), scale=1 / FLAT)
    for side, sign in ((0, 1), (1, -1)):
        draw_eye(head, identity, units[:, side], sign, tuple(gaze), canvas)
        draw_brow(head, identity, units[:, side], sign, canvas)
    draw_mouth(head, identity, mouth, canvas)
    draw_glasses(head, identity, canvas)
    base.lay_front_hair(head)
    eye_x = identity.eye_x
    left, right = mouth.corners
    marks = np.array([(-eye_x, EYE_Y), (eye_x, EYE_Y), (0, identity.nose_y - 0.05), right, left])
    return head, marks
