"""Draws at random how a clip is filmed: the movement of the head, the light, the camera, an occluder."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vidfer.actors.conditions import Conditions


@dataclass(frozen=True, kw_only=True)
class Occluder:
    """Something in front of the face."""

    kind: str
    """``hand`` or ``cup``."""
    centre: np.ndarray
    """(T, 2): where it is, in face units from the centre of the head."""
    angle_rad: float


@dataclass(frozen=True, kw_only=True)
class Scene:
    """All of a clip that is neither the person nor the expression. Arrays have a row for each frame."""

    yaw_rad: np.ndarray
    pitch_rad: np.ndarray
    roll_rad: np.ndarray
    centre_px: np.ndarray
    """(T, 2): the point between the eyes, in pixels."""
    half_width_px: np.ndarray
    """(T,): the length of a face unit in pixels."""
    gaze: np.ndarray
    """(T, 2): the shift of the iris in face units."""
    light: tuple[float, float]
    """The direction that the light comes from, x and y in -1..1."""
    side_light: float
    """How much darker one side of the frame is, 0..1."""
    shadow: tuple[float, float, float] | None
    """The edge of a shadow: its angle, its place along the normal (-1..1), and the brightness inside."""
    gain: np.ndarray
    tint: np.ndarray
    """(3,): the colour of the light."""
    blur_px: float
    noise_sd: float
    occluder: Occluder | None
    room_seed: int


def sample_scene(
    rng: np.random.Generator, n_frames: int, fps: float, size: tuple[int, int], conditions: Conditions
) -> Scene:
    """Draws a scene at random."""
    width, height = size
    times_s = np.arange(n_frames) / fps
    c = conditions

    def angle(spread: float) -> np.ndarray:
        mean = np.clip(rng.normal(0, spread), -2 * spread, 2 * spread)
        return mean + spread * c.sway * _wander(rng, times_s)

    half_width = height * rng.uniform(*c.face_share)
    size_factor = 1 + c.zoom * (
        rng.uniform(-1, 1) * np.linspace(-0.5, 0.5, n_frames) + 0.3 * _wander(rng, times_s)
    )
    shift = rng.uniform(-1, 1, 2) * height * c.off_centre * (1.0, 0.3)
    drift = np.stack([_wander(rng, times_s), 0.6 * _wander(rng, times_s)], 1) * half_width * 0.10 * c.sway
    centre = np.array((width / 2, 0.47 * height)) + shift + drift
    gain = rng.uniform(*c.gain) * (rng.uniform(0.35, 0.6) if rng.random() < c.dark else 1.0)
    flicker = 1 + (0.0 if c.plain_background else 0.03) * _wander(rng, times_s)
    shadow = None
    if rng.random() < c.shadow:
        shadow = (rng.uniform(0, 2 * np.pi), rng.uniform(-0.15, 0.35), rng.uniform(0.4, 0.75))
    light_angle = rng.uniform(-np.pi, 0) if rng.random() < 0.8 else rng.uniform(0, np.pi)
    strength = rng.uniform(*c.side_light)
    return Scene(
        yaw_rad=angle(c.yaw_rad),
        pitch_rad=angle(c.pitch_rad),
        roll_rad=angle(c.roll_rad),
        centre_px=centre,
        half_width_px=half_width * size_factor,
        gaze=np.stack([0.02 * _wander(rng, times_s), 0.008 * _wander(rng, times_s)], 1)
        + rng.normal(0, 0.012, 2),
        light=(1.2 * strength * np.cos(light_angle), 0.8 * strength * np.sin(light_angle)),
        side_light=float(strength),
        shadow=shadow,
        gain=gain * flicker,
        tint=(1 + rng.normal(0, c.tint, 3)).clip(0.8, 1.2),
        blur_px=height / 240 * rng.uniform(0.6, 1.4) if rng.random() < c.blur else 0.0,
        noise_sd=rng.uniform(*c.noise_sd),
        occluder=_sample_occluder(rng, times_s) if rng.random() < c.occluder else None,
        room_seed=int(rng.integers(2**31)),
    )


def _wander(rng: np.random.Generator, times_s: np.ndarray) -> np.ndarray:
    """A smooth random path around 0, within about -1..1."""
    path = np.zeros_like(times_s)
    for frequency_hz, amount in ((0.3, 0.6), (0.7, 0.3), (1.6, 0.1)):
        path += amount * np.sin(2 * np.pi * (frequency_hz * rng.uniform(0.7, 1.3) * times_s + rng.random()))
    return path


def _sample_occluder(rng: np.random.Generator, times_s: np.ndarray) -> Occluder:
    """An occluder that comes from below, rests in front of the face for a while, and often leaves again."""
    kind = "cup" if rng.random() < 0.4 else "hand"
    side = rng.choice((-1, 1))
    spots = ((0.15, 1.15), (0.55, 1.1), (0.85, 0.55)) if kind == "hand" else ((0.1, 1.25), (0.3, 1.35))
    rest = np.array(spots[rng.integers(len(spots))]) * (side, 1) + rng.normal(0, 0.08, 2)
    away = np.array((rest[0] + side * 0.5, 3.6))
    duration_s = times_s[-1]
    start_s = rng.uniform(-0.6, 0.5) * duration_s
    stay_s = rng.uniform(0.4, 1.2)
    near = np.interp(
        times_s, [start_s, start_s + 0.35, start_s + 0.35 + stay_s, start_s + 0.7 + stay_s], [0, 1, 1, 0]
    )
    near = (near * near * (3 - 2 * near))[:, None]
    return Occluder(
        kind=kind, centre=away + (rest - away) * near, angle_rad=float(side * rng.uniform(-0.1, 0.5))
    )
