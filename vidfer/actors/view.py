"""Turns the upright head and puts it into the frame."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from vidfer.actors.draw_base import HeadBase
from vidfer.actors.draw_occluder import REACH
from vidfer.actors.patch import BOTTOM, LEFT, RIGHT, TOP, Patch
from vidfer.actors.scene import Scene


@dataclass(frozen=True)
class Pose:
    """The head in one frame."""

    matrix: np.ndarray
    """(2, 3): pixels of the patch to pixels of the frame."""
    turn: tuple[float, float]
    """Sine of the turn to the side and up."""
    jaw: float
    """0 closed to 1 fully dropped."""


class View:
    """Camera on one head: a depth map turns the patch, an affine map places it.

    A point of the head at depth d (pixels per radian) appears shifted by d times the sine of the turn, so the
    nose moves more than the ears, as it does on a head that turns.
    """

    def __init__(self, base: HeadBase, patch: Patch, size: tuple[int, int]) -> None:
        self._base, self._patch, self._size = base, patch, size
        # One picture for the warp: all that has to be sampled at the same place.
        self._fields = cv2.merge([base.depth, base.jaw])

    def pose(self, scene: Scene, index: int, jaw: float) -> Pose:
        """Where the head is in frame ``index``."""
        scale = scene.half_width_px[index] / self._patch.unit_px
        cos, sin = scale * np.cos(scene.roll_rad[index]), scale * np.sin(scene.roll_rad[index])
        turned = np.array([(cos, -sin), (sin, cos)])
        # The neck is the pivot: a head that leans moves sideways around a point below the chin.
        pivot, upright = self._patch.px((0, 1.5)), self._patch.px((0, 0))
        place = scene.centre_px[index] + scale * (pivot - upright)
        turn = (float(np.sin(scene.yaw_rad[index])), float(np.sin(scene.pitch_rad[index])))
        return Pose(np.column_stack([turned, place - turned @ pivot]), turn, jaw)

    def place_head(self, frame: np.ndarray, head: np.ndarray, pose: Pose) -> None:
        """Draw the head over ``frame`` in place."""
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
        """Draw an occluder (colour, opacity) over ``frame`` in place; ``centre`` is in face units."""
        colour, opacity = front
        cos, sin = np.cos(angle_rad), np.sin(angle_rad)
        local = np.array([(cos, -sin), (sin, cos)])
        middle = np.full(2, REACH * self._patch.unit_px)
        shift = self._patch.px(centre) - local @ middle
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
        """Face units (n, 2) of the upright head to pixels of the frame (n, 2)."""
        start = self._patch.px(points)
        height, width = self._patch.shape
        moved = start
        for _ in range(3):  # the warp looks its shift up at the place it lands on
            x = moved[:, 0].round().astype(int).clip(0, width - 1)
            y = moved[:, 1].round().astype(int).clip(0, height - 1)
            depth = self._base.depth[y, x]
            moved = start + np.stack(
                [pose.turn[0] * depth, pose.turn[1] * depth + pose.jaw * self._base.jaw[y, x]], 1
            )
        return moved @ pose.matrix[:, :2].T + pose.matrix[:, 2]

    def box(self, pose: Pose) -> np.ndarray:
        """The face from forehead to chin, x1, y1, x2, y2 in pixels of the frame."""
        outline = self.to_frame(self._base.outline, pose)
        return np.concatenate([outline.min(0), outline.max(0)])

    def _window(self, matrix: np.ndarray, corners: np.ndarray):
        """Where a box of face units lands in the frame, and the map from there back into its picture."""
        (x0, y0), (x1, y1) = self._patch.px(corners)
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
