"""From a person, action units and a scene to frames."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from vidfer.actors.acting import act
from vidfer.actors.conditions import CONDITIONS
from vidfer.actors.draw_background import draw_room, draw_torso
from vidfer.actors.draw_base import HeadBase, draw_base
from vidfer.actors.draw_brows import draw_brow
from vidfer.actors.draw_eyes import EYE_Y, draw_eye
from vidfer.actors.draw_folds import FLAT, fold_map
from vidfer.actors.draw_glasses import draw_glasses
from vidfer.actors.draw_mouth import draw_mouth, mouth_shape
from vidfer.actors.draw_occluder import draw_occluder
from vidfer.actors.identity import Identity
from vidfer.actors.lens import Lens
from vidfer.actors.patch import Patch
from vidfer.actors.scene import Scene, sample_scene
from vidfer.actors.units import INDEX
from vidfer.actors.view import View

UNIT_SHARE = 0.3
"""Pixels of a face unit in the patch, relative to the frame's height: finer than the largest face."""


@dataclass(frozen=True, kw_only=True)
class ClipTruth:
    """What was drawn, one row a frame."""

    intensities: np.ndarray
    """float64 (T, units, 2 sides), 0..1."""
    box_xyxy: np.ndarray
    """float64 (T, 4): forehead to chin, pixels."""
    landmarks: np.ndarray
    """float64 (T, 5, 2): the picture's left eye, right eye, nose tip, left and right lip corner, pixels."""


def draw_clip(
    identity: Identity, label: str, *, setting: str, seed: int, n_frames: int, fps: int, size: tuple[int, int]
) -> tuple[np.ndarray, ClipTruth]:
    """Act and draw one clip: uint8 (T, H, W, 3) RGB and the truth; the same arguments give the same bytes."""
    conditions = CONDITIONS[setting]
    acting, filming = (np.random.default_rng(part) for part in np.random.SeedSequence(seed).spawn(2))
    intensities = act(acting, label, n_frames, fps, conditions)
    scene = sample_scene(filming, n_frames, fps, size, conditions)
    return draw_scene(identity, intensities, scene, size, plain=conditions.plain_background)


def draw_scene(
    identity: Identity, intensities: np.ndarray, scene: Scene, size: tuple[int, int], *, plain: bool
) -> tuple[np.ndarray, ClipTruth]:
    """Draw given action units (T, units, 2) in a given scene; returns as :func:`draw_clip`."""
    width, height = size
    rng = np.random.default_rng(scene.room_seed)
    patch = Patch(UNIT_SHARE * height)
    base = draw_base(identity, scene.light, patch)
    stage = draw_room(rng, size, plain)
    draw_torso(stage, identity, scene.centre_px.mean(0), float(scene.half_width_px.mean()))
    view = View(base, patch, size)
    lens = Lens(rng, scene, size)
    front = None
    if scene.occluder is not None:
        front = draw_occluder(rng, scene.occluder.kind, identity, patch.unit_px)
    n_frames = len(intensities)
    frames = np.empty((n_frames, height, width, 3), np.uint8)
    boxes, landmarks = np.empty((n_frames, 4)), np.empty((n_frames, 5, 2))
    for index in range(n_frames):
        head, marks = draw_head(base, identity, intensities[index], scene.gaze[index], patch)
        frame = frames[index]
        frame[...] = stage
        pose = view.pose(scene, index, float(intensities[index, INDEX[26]].mean()))
        view.place_head(frame, head, pose)
        if front is not None:
            view.place_occluder(frame, front, pose, scene.occluder.centre[index], scene.occluder.angle_rad)
        lens.expose(frame, index)
        boxes[index] = view.box(pose)
        landmarks[index] = view.to_frame(marks, pose)
    return frames, ClipTruth(intensities=intensities, box_xyxy=boxes, landmarks=landmarks)


def draw_head(
    base: HeadBase, identity: Identity, units: np.ndarray, gaze: np.ndarray, patch: Patch
) -> tuple[np.ndarray, np.ndarray]:
    """The upright head with an expression, uint8 (H, W, 3), and its five landmarks in face units (5, 2)."""
    mouth = mouth_shape(identity, units)
    shade = fold_map(identity, units, mouth, patch)
    head = cv2.multiply(base.colour, cv2.merge([shade, shade, shade]), scale=1 / FLAT)
    for side, sign in ((0, 1), (1, -1)):
        draw_eye(head, identity, units[:, side], sign, tuple(gaze), patch)
        draw_brow(head, identity, units[:, side], sign, patch)
    draw_mouth(head, identity, mouth, patch)
    draw_glasses(head, identity, patch)
    base.lay_front_hair(head)
    eye_x = identity.eye_x
    left, right = mouth.corners
    marks = np.array([(-eye_x, EYE_Y), (eye_x, EYE_Y), (0, identity.nose_y - 0.05), right, left])
    return head, marks
