"""Moves the action units through a clip: onset, apex, offset, blinks, talk."""

from __future__ import annotations

import numpy as np

from vidfer.actors.conditions import Conditions
from vidfer.actors.expressions import prototype
from vidfer.actors.units import CENTRAL_UNITS, INDEX, UNITS, resting

NEVER_STRAY = frozenset({25, 26, 45})
"""Units that only talking and blinking move without belonging to the expression."""


def act(
    rng: np.random.Generator, label: str, n_frames: int, fps: float, conditions: Conditions
) -> np.ndarray:
    """Shows an expression once.

    Returns:
        intensities in [0, 1], float64 (n_frames, units, 2 sides). They are rounded to 1e-4, so that the truth
        file can hold exactly what was drawn.
    """
    times_s = np.arange(n_frames) / fps
    intensities = resting(n_frames)
    _play_expression(rng, intensities, times_s, label, conditions)
    if label != "neutral":
        _play_strays(rng, intensities, times_s, label, conditions)
    if rng.random() < conditions.talking:
        _talk(rng, intensities, times_s)
    _blink(rng, intensities, times_s)
    return np.round(intensities.clip(0, 1), 4)


def envelope(
    times_s: np.ndarray, onset_s: float, rise_s: float, offset_s: float, fall_s: float
) -> np.ndarray:
    """A curve that rises smoothly from 0 to 1, stays there, and falls back to 0; one value for each time."""
    return _smooth_step((times_s - onset_s) / rise_s) * (1 - _smooth_step((times_s - offset_s) / fall_s))


def _smooth_step(x: np.ndarray) -> np.ndarray:
    x = x.clip(0, 1)
    return x * x * (3 - 2 * x)


def _play_expression(
    rng: np.random.Generator, intensities: np.ndarray, times_s: np.ndarray, label: str, conditions: Conditions
) -> None:
    duration_s = times_s[-1] + 1e-9
    strength = rng.uniform(*conditions.intensity)
    onset_s = -1.0 if rng.random() < 0.25 else duration_s * rng.uniform(0.0, 0.2)
    rise_s = min(rng.uniform(0.15, 0.5), 0.35 * duration_s)
    # Half of the clips end at the apex, as many clips from films do.
    offset_s = duration_s * (rng.uniform(0.65, 0.85) if rng.random() < 0.5 else 2.0)
    fall_s = rng.uniform(0.2, 0.5)
    flip = rng.random() < 0.5
    tilt = rng.uniform(-conditions.asymmetry, conditions.asymmetry)
    for unit, sides in prototype(label).items():
        lag_s = rng.uniform(-0.05, 0.05)
        amount = strength * rng.uniform(*conditions.unit_jitter)
        if rng.random() < conditions.drop_unit:
            amount *= 0.2
        curve = amount * envelope(times_s, onset_s + lag_s, rise_s, offset_s + lag_s, fall_s)
        curve *= 1 + 0.05 * np.sin(2 * np.pi * (rng.uniform(0.5, 1.5) * times_s + rng.random()))
        one_sided = sides[0] != sides[1]
        balance = 0.0 if unit in CENTRAL_UNITS or one_sided else tilt
        left, right = sides[::-1] if one_sided and flip and label != "contempt" else sides
        row = INDEX[unit]
        intensities[:, row, 0] = np.maximum(intensities[:, row, 0], curve * left * (1 + min(balance, 0)))
        intensities[:, row, 1] = np.maximum(intensities[:, row, 1], curve * right * (1 - max(balance, 0)))


def _play_strays(
    rng: np.random.Generator, intensities: np.ndarray, times_s: np.ndarray, label: str, conditions: Conditions
) -> None:
    """Moves a few units that do not belong to the expression, weakly. They make real faces ambiguous."""
    foreign = [unit for unit in UNITS if unit not in prototype(label) and unit not in NEVER_STRAY]
    for _ in range(rng.poisson(conditions.stray_units)):
        unit = int(rng.choice(foreign))
        onset_s = rng.uniform(-0.3, 0.6 * times_s[-1])
        curve = rng.uniform(0.1, 0.3) * envelope(times_s, onset_s, 0.3, onset_s + rng.uniform(0.4, 1.5), 0.3)
        row = intensities[:, INDEX[unit]]
        np.maximum(row, curve[:, None], out=row)


def _talk(rng: np.random.Generator, intensities: np.ndarray, times_s: np.ndarray) -> None:
    """Opens and closes the mouth at the pace of syllables, about four per second."""
    pace_hz = rng.uniform(3.0, 5.0)
    wander = 0.6 * np.sin(2 * np.pi * (rng.uniform(0.4, 0.9) * times_s + rng.random()))
    phase = 2 * np.pi * (pace_hz * times_s + rng.random()) + wander
    loudness = rng.uniform(0.4, 1.0) * (0.6 + 0.4 * np.sin(2 * np.pi * (0.8 * times_s + rng.random())))
    syllable = (0.5 + 0.5 * np.sin(phase)) * loudness
    round_lips = (0.5 + 0.5 * np.sin(0.5 * phase + rng.uniform(0, 6))) * loudness
    for unit, curve in ((25, 0.8 * syllable), (26, 0.45 * syllable), (18, 0.5 * round_lips)):
        row = intensities[:, INDEX[unit]]
        np.maximum(row, curve[:, None], out=row)


def _blink(rng: np.random.Generator, intensities: np.ndarray, times_s: np.ndarray) -> None:
    """Blinks about every three seconds. The lids close faster than they open."""
    start_s = rng.exponential(3.0)
    while start_s < times_s[-1]:
        closed = envelope(times_s, start_s, 0.08, start_s + 0.12, 0.16)
        row = intensities[:, INDEX[45]]
        np.maximum(row, closed[:, None], out=row)
        start_s += 0.5 + rng.exponential(3.0)
