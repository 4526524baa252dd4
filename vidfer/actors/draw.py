"""Draws the frames of a clip from a person, action units and a scene."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from vidfer.actors.acting import act
from vidfer.actors.conditions import CONDITIONS
from vidfer.actors.face.base import draw_base
from vidfer.actors.face.canvas import Canvas
from vidfer.actors.face.head import draw_head
from vidfer.actors.identity import Identity, sample_identity
from vidfer.actors.stage.background import draw_room, draw_torso
from vidfer.actors.stage.camera import Camera
from vidfer.actors.stage.exposure import Exposure
from vidfer.actors.stage.occluder import draw_occluder
from vidfer.actors.stage.scene import Scene, sample_scene
from vidfer.actors.units import INDEX

UNIT_SHARE = 0.3
"""Pixels of a face unit in the canvas, relative to the frame's height. The largest face needs fewer."""


@dataclass(frozen=True, kw_only=True)
class ClipTruth:
    """What was drawn, with a row for each frame."""

    intensities: np.ndarray
    """float64 (T, units, 2 sides), 0..1."""
    box_xyxy: np.ndarray
    """float64 (T, 4): the face from forehead to chin, in pixels."""
    landmarks: np.ndarray
    """float64 (T, 5, 2), in pixels: left eye, right eye, tip of the nose, left and right lip corner. Left and
    right are those of the picture."""


def draw_clip(
    identity: Identity, label: str, *, setting: str, seed: int, n_frames: int, fps: int, size: tuple[int, int]
) -> tuple[np.ndarray, ClipTruth]:
    """Draws one clip of a person who shows an expression. The same arguments give the same bytes.

    Returns:
        the frames, uint8 (T, H, W, 3) RGB, and the truth.
    """
    conditions = CONDITIONS[setting]
    acting_rng, scene_rng = (np.random.default_rng(part) for part in np.random.SeedSequence(seed).spawn(2))
    intensities = act(acting_rng, label, n_frames, fps, conditions)
    scene = sample_scene(scene_rng, n_frames, fps, size, conditions)
    return draw_scene(identity, intensities, scene, size, plain=conditions.plain_background)


def draw_acts(
    seed: int, labels: Sequence[str], *, setting: str, frames_of_an_act: int, fps: int, size: tuple[int, int]
) -> np.ndarray:
    """Draws one person who shows expressions one after another, in one scene: uint8 (T, H, W, 3) RGB.

    The same arguments give the same bytes.
    """
    conditions = CONDITIONS[setting]
    acting_rng, scene_rng = (np.random.default_rng(part) for part in np.random.SeedSequence(seed).spawn(2))
    intensities = np.concatenate(
        [act(acting_rng, label, frames_of_an_act, fps, conditions) for label in labels]
    )
    scene = sample_scene(scene_rng, len(intensities), fps, size, conditions)
    identity = sample_identity(np.random.default_rng(seed))
    return draw_scene(identity, intensities, scene, size, plain=conditions.plain_background)[0]


def draw_side_by_side(
    cast: Mapping[int, Sequence[str]],
    *,
    setting: str,
    frames_of_an_act: int,
    fps: int,
    size: tuple[int, int],
) -> np.ndarray:
    """Draws several people beside each other, each in a scene of their own: uint8 (T, H, people * W, 3) RGB.

    Args:
        cast: seed of a person -> what the person acts (:func:`draw_acts`), from left to right.
        setting: name of the :data:`~vidfer.actors.conditions.CONDITIONS`.
        frames_of_an_act: T is so many for each expression.
        fps: frames per second.
        size: W and H.
    """
    how = {"setting": setting, "frames_of_an_act": frames_of_an_act, "fps": fps, "size": size}
    return np.concatenate([draw_acts(seed, labels, **how) for seed, labels in cast.items()], axis=2)


def draw_scene(
    identity: Identity, intensities: np.ndarray, scene: Scene, size: tuple[int, int], *, plain: bool
) -> tuple[np.ndarray, ClipTruth]:
    """Draws given action units (T, units, 2) in a given scene; returns what :func:`draw_clip` returns."""
    width, height = size
    rng = np.random.default_rng(scene.room_seed)
    canvas = Canvas(UNIT_SHARE * height)
    base = draw_base(identity, scene.light, canvas)
    background = draw_room(rng, size, plain)
    draw_torso(background, identity, scene.centre_px.mean(0), float(scene.half_width_px.mean()))
    camera = Camera(base, canvas, size)
    exposure = Exposure(rng, scene, size)
    occluder = None
    if scene.occluder is not None:
        occluder = draw_occluder(rng, scene.occluder.kind, identity, canvas.unit_px)
    n_frames = len(intensities)
    frames = np.empty((n_frames, height, width, 3), np.uint8)
    boxes, landmarks = np.empty((n_frames, 4)), np.empty((n_frames, 5, 2))
    for index in range(n_frames):
        head, marks = draw_head(base, identity, intensities[index], scene.gaze[index], canvas)
        frame = frames[index]
        frame[...] = background
        pose = camera.pose(scene, index, float(intensities[index, INDEX[26]].mean()))
        camera.place_head(frame, head, pose)
        if occluder is not None:
            camera.place_occluder(
                frame, occluder, pose, scene.occluder.centre[index], scene.occluder.angle_rad
            )
        exposure.expose(frame, index)
        boxes[index] = camera.box(pose)
        landmarks[index] = camera.to_frame(marks, pose)
    return frames, ClipTruth(intensities=intensities, box_xyxy=boxes, landmarks=landmarks)
