"""The two settings, studio and wild: from which ranges the clips are drawn."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """The ranges and probabilities from which the movement and the scene of a clip are drawn."""

    intensity: tuple[float, float]
    """Strength of the whole expression, 0 to 1."""
    unit_jitter: tuple[float, float]
    """Range of the factor on each action unit of the expression."""
    asymmetry: float
    """Largest relative difference of a unit between the two sides."""
    drop_unit: float
    """Probability that a unit of the expression stays nearly still."""
    stray_units: float
    """Mean number of weak units that do not belong to the expression (none for neutral clips)."""
    talking: float
    """Probability that the person talks."""
    occluder: float
    """Probability that a hand or a cup comes in front of the face."""
    yaw_rad: float
    """Standard deviation of the head's mean turn to the side."""
    pitch_rad: float
    roll_rad: float
    sway: float
    """How much the head moves during the clip, relative to the deviations above."""
    face_share: tuple[float, float]
    """Half the face's width relative to the frame's height."""
    off_centre: float
    """Largest shift of the head from the middle, relative to the frame's height."""
    zoom: float
    """Largest relative change of size during the clip."""
    gain: tuple[float, float]
    """Brightness of the scene; low values are dark rooms."""
    dark: float
    """Probability of a dark clip, whose gain is multiplied by 0.35 to 0.6."""
    side_light: tuple[float, float]
    """Strength of the light's fall-off over the face, 0 to 1."""
    shadow: float
    """Probability of a shadow's edge across the frame."""
    tint: float
    """Standard deviation of the light's colour."""
    blur: float
    """Probability of defocus."""
    noise_sd: tuple[float, float]
    """Sensor noise, in grey levels of 255."""
    plain_background: bool
    crf: int
    """Constant rate factor of the H.264 encoder: larger is coarser."""


CONDITIONS: dict[str, Conditions] = {
    "studio": Conditions(
        intensity=(0.65, 1.0),
        unit_jitter=(0.85, 1.1),
        asymmetry=0.12,
        drop_unit=0.0,
        stray_units=0.0,
        talking=0.0,
        occluder=0.0,
        yaw_rad=0.05,
        pitch_rad=0.03,
        roll_rad=0.03,
        sway=0.5,
        face_share=(0.175, 0.215),
        off_centre=0.04,
        zoom=0.03,
        gain=(0.95, 1.08),
        dark=0.0,
        side_light=(0.05, 0.25),
        shadow=0.0,
        tint=0.01,
        blur=0.0,
        noise_sd=(0.5, 2.0),
        plain_background=True,
        crf=20,
    ),
    "wild": Conditions(
        intensity=(0.35, 1.0),
        unit_jitter=(0.6, 1.15),
        asymmetry=0.3,
        drop_unit=0.08,
        stray_units=0.5,
        talking=0.3,
        occluder=0.25,
        yaw_rad=0.16,
        pitch_rad=0.09,
        roll_rad=0.09,
        sway=0.8,
        face_share=(0.13, 0.21),
        off_centre=0.16,
        zoom=0.10,
        gain=(0.7, 1.2),
        dark=0.2,
        side_light=(0.1, 0.7),
        shadow=0.3,
        tint=0.05,
        blur=0.25,
        noise_sd=(2.0, 9.0),
        plain_background=False,
        crf=25,
    ),
}
