"""Turns the upright head and places it in the frame."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from vidfer.actors.face.base import HeadBase
from vidfer.actors.face.canvas import BOTTOM, LEFT, RIGHT, TOP, Canvas
from vidfer.actors.stage.occluder import REACH
from vidfer.actors.stage.scene import Scene


@dataclass(frozen=True)
class Pose:
    """How the head stands in one frame."""

    matrix: np.ndarray
    """(2, 3): maps pixels of the canvas to pixels of the frame."""
    turn: tuple[float, float]
    """The sine of the turn to the side, and of the turn up."""
    jaw: float
    """0 is closed, 1 is fully dropped."""


class Camera:
    """Places one head in frames: a depth map turns the canvas, and an affine map moves, scales and rolls it.

    A point of the head at depth d (pixels per radian) moves by d times the sine of the turn. So the nose
    moves more than the ears, as on a real head.
    """

    def __init__(self, base: HeadBase, canvas: Canvas, size: tuple[int, int]) -> None:
        self._base, self._canvas, self._size = base, canvas, size
        # One array of two channels, so that one warp samples both at the same places.
        self._fields = cv2.merge([base.depth, base.jaw])

    def pose(self, scene: Scene, index: int, jaw: float) -> Pose:
        """Where the head is in frame ``index``."""
        scale = scene.half_width_px[index] / self._canvas.unit_px
        cos, sin = scale * np.cos(scene.roll_rad[index]), scale * np.sin(scene.roll_rad[index])
        turned = np.array([(cos, -sin), (sin, cos)])
        # The pivot is the neck: a leaning head moves to the side around a point below the chin.
        pivot, upright = self._canvas.px((0, 1.5)), self._canvas.px((0, 0))
        place = scene.centre_px[index] + scale * (pivot - upright)
        turn = (float(np.sin(scene.yaw_rad[index])), float(np.sin(scene.pitch_rad[index])))
        return Pose(np.column_stack([turned, place - turned @ pivot]), turn, jaw)

    def place_head(self, frame: np.ndarray, head: np.ndarray, pose: Pose) -> None:
        """Draws the head over a frame, in place."""
        window = self._window(pose.matrix, np.array([(LEFT, TOP), (RIGHT, BOTTOM)]))
        if window is None:
            return
        (x0, y0, x1, y1), inverse = window
        shape = (x1 - x0, y1 - y0)
        fields = cv2.warpAffine(
            self._fields,
            inverse,
            shape,
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        x = np.arange(shape[0], dtype=np.float32)[None]
        y = np.arange(shape[1], dtype=np.float32)[:, None]
        inverse = inverse.astype(np.float32)
        source_x = (
            inverse[0, 0] * x + inverse[0, 1] * y + inverse[0, 2] - np.float32(pose.turn[0]) * fields[..., 0]
        )
        source_y = (
            inverse[1, 0] * x + inverse[1, 1] * y + inverse[1, 2] - np.float32(pose.turn[1]) * fields[..., 0]
        )
        source_y -= np.float32(pose.jaw) * fields[..., 1]
        colour = cv2.remap(head, source_x, source_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        opacity = cv2.remap(self._base.opacity, source_x, source_y, cv2.INTER_LINEAR)
        _lay_over(frame[y0:y1, x0:x1], colour, opacity)

    def place_occluder(
        self,
        frame: np.ndarray,
        front: tuple[np.ndarray, np.ndarray],
        pose: Pose,
        centre: np.ndarray,
        angle_rad: float,
    ) -> None:
        """Draws an occluder (colour, opacity) over a frame, in place; ``centre`` is in face units."""
        colour, opacity = front
        cos, sin = np.cos(angle_rad), np.sin(angle_rad)
        local = np.array([(cos, -sin), (sin, cos)])
        middle = np.full(2, REACH * self._canvas.unit_px)
        shift = self._canvas.px(centre) - local @ middle
        turned = pose.matrix[:, :2] @ local
        matrix = np.column_stack([turned, pose.matrix[:, :2] @ shift + pose.matrix[:, 2]])
        side = 2 * REACH
        window = self._window(matrix, np.array([(LEFT, TOP), (LEFT + side, TOP + side)]))
        if window is None:
            return
        (x0, y0, x1, y1), inverse = window
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        shape = (x1 - x0, y1 - y0)
        warped = cv2.warpAffine(colour, inverse, shape, flags=flags, borderMode=cv2.BORDER_REPLICATE)
        _lay_over(frame[y0:y1, x0:x1], warped, cv2.warpAffine(opacity, inverse, shape, flags=flags))

    def to_frame(self, points: np.ndarray, pose: Pose) -> np.ndarray:
        """Converts points (n, 2) of the upright head from face units to pixels of the frame."""
        start = self._canvas.px(points)
        height, width = self._canvas.shape
        moved = start
        for _ in range(3):  # the shift depends on the place after the shift, so it is found by iteration
            x = moved[:, 0].round().astype(int).clip(0, width - 1)
            y = moved[:, 1].round().astype(int).clip(0, height - 1)
            depth = self._base.depth[y, x]
            moved = start + np.stack(
                [pose.turn[0] * depth, pose.turn[1] * depth + pose.jaw * self._base.jaw[y, x]], 1
            )
        return moved @ pose.matrix[:, :2].T + pose.matrix[:, 2]

    def box(self, pose: Pose) -> np.ndarray:
        """The box of the face from forehead to chin: x1, y1, x2, y2 in pixels of the frame."""
        outline = self.to_frame(self._base.outline, pose)
        return np.concatenate([outline.min(0), outline.max(0)])

    def _window(self, matrix: np.ndarray, corners: np.ndarray):
        """The part of the frame that a box in face units covers, and the map from it to the picture."""
        (x0, y0), (x1, y1) = self._canvas.px(corners)
        landed = np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)]) @ matrix[:, :2].T + matrix[:, 2]
        low = np.maximum(np.floor(landed.min(0)).astype(int), 0)
        high = np.minimum(np.ceil(landed.max(0)).astype(int) + 1, self._size)
        if (high <= low).any():
            return None
        back = np.linalg.inv(matrix[:, :2])
        inverse = np.column_stack([back, back @ (low - matrix[:, 2])])
        return (*low, *high), inverse


def _lay_over(area: np.ndarray, colour: np.ndarray, opacity: np.ndarray) -> None:
    weight = opacity.astype(np.float32) * np.float32(1 / 255)
    area[...] = cv2.blendLinear(colour, np.ascontiguousarray(area), weight, 1 - weight)
