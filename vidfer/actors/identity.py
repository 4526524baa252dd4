"""Draws a person at random: all of a face that is the same in each clip."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Colour = tuple[float, float, float]

# RGB, from fair to deep; a person's colour lies between two neighbours.
SKINS = np.array(
    [
        (246, 218, 198),
        (236, 196, 168),
        (222, 174, 138),
        (196, 144, 106),
        (160, 110, 78),
        (118, 78, 56),
        (88, 58, 44),
    ],
    float,
)
HAIRS = np.array(
    [(28, 24, 24), (48, 34, 28), (84, 56, 38), (124, 84, 50), (186, 146, 92), (146, 74, 40), (150, 148, 146)],
    float,
)
IRISES = np.array([(66, 44, 30), (92, 62, 36), (98, 104, 60), (86, 118, 138), (110, 124, 128)], float)
CLOTHES = np.array(
    [
        (54, 72, 110),
        (120, 54, 58),
        (64, 98, 82),
        (200, 196, 188),
        (52, 54, 60),
        (176, 136, 70),
        (112, 92, 136),
    ],
    float,
)
HAIR_STYLES = ("short", "parted", "fringe", "long", "curly", "bun", "bald", "scarf")
BEARDS = ("none", "none", "none", "stubble", "moustache", "goatee", "full")
GLASSES = ("none", "none", "none", "round", "square")


@dataclass(frozen=True, kw_only=True)
class Identity:
    """A person. Lengths are in face units (half the width of an average face); y goes down."""

    temple_width: float
    cheek_width: float
    jaw_width: float
    chin_width: float
    chin_y: float
    skin: Colour
    hair: Colour
    hair_style: str
    brow_y: float
    brow_arch: float
    brow_tilt: float
    brow_thickness: float
    eye_x: float
    eye_width: float
    eye_open: float
    eye_tilt: float
    iris: Colour
    nose_width: float
    nose_y: float
    mouth_y: float
    mouth_width: float
    mouth_tilt: float
    """Where the lip corners are at rest; positive is down, so that the face looks sad at rest."""
    lip_upper: float
    lip_lower: float
    lips: Colour
    beard: str
    glasses: str
    glasses_colour: Colour
    clothes: Colour
    age: float
    """0 is smooth skin, 1 is lined skin."""
    freckles: float
    texture_seed: int


def sample_identity(rng: np.random.Generator) -> Identity:
    """Draws a person at random."""
    skin = _between(SKINS, rng.uniform(0, len(SKINS) - 1))
    age = float(rng.beta(1.3, 2.0))
    darkest = 3 if skin[0] < 180 else len(HAIRS) - 1
    hair = _between(HAIRS, rng.uniform(0, darkest)) if rng.random() > 0.7 * age**2 else HAIRS[-1]
    style = str(rng.choice(HAIR_STYLES, p=(0.22, 0.16, 0.13, 0.18, 0.11, 0.07, 0.07, 0.06)))
    beard = str(rng.choice(BEARDS)) if style in ("short", "parted", "bald", "curly") else "none"
    cheek = rng.uniform(0.93, 1.03)
    blush = np.array([rng.uniform(0.80, 0.92), rng.uniform(0.52, 0.66), rng.uniform(0.54, 0.70)])
    return Identity(
        temple_width=rng.uniform(0.86, 0.96),
        cheek_width=cheek,
        jaw_width=cheek * rng.uniform(0.72, 0.86),
        chin_width=rng.uniform(0.30, 0.46),
        chin_y=rng.uniform(1.28, 1.42),
        skin=_colour(skin),
        hair=_colour(hair * rng.uniform(0.85, 1.15)),
        hair_style=style,
        brow_y=rng.uniform(-0.43, -0.36),
        brow_arch=rng.uniform(0.03, 0.08),
        brow_tilt=rng.uniform(-0.03, 0.03),
        brow_thickness=rng.uniform(0.035, 0.068),
        eye_x=rng.uniform(0.41, 0.46),
        eye_width=rng.uniform(0.19, 0.225),
        eye_open=rng.uniform(0.088, 0.112),
        eye_tilt=rng.uniform(-0.03, 0.02),
        iris=_colour(
            _between(IRISES, rng.uniform(0, len(IRISES) - 1) if skin[0] > 180 else rng.uniform(0, 1))
        ),
        nose_width=rng.uniform(0.17, 0.25),
        nose_y=rng.uniform(0.42, 0.52),
        mouth_y=rng.uniform(0.80, 0.87),
        mouth_width=rng.uniform(0.33, 0.40),
        mouth_tilt=rng.uniform(-0.02, 0.025),
        lip_upper=rng.uniform(0.06, 0.095),
        lip_lower=rng.uniform(0.085, 0.125),
        lips=_colour(skin * blush),
        beard=beard,
        glasses=str(rng.choice(GLASSES)),
        glasses_colour=_colour(
            _between(np.array([(24, 24, 28), (96, 60, 36), (120, 124, 130)], float), rng.uniform(0, 2))
        ),
        clothes=_colour(_between(CLOTHES, rng.uniform(0, len(CLOTHES) - 1))),
        age=age,
        freckles=float(rng.uniform(0, 1)) if skin[0] > 225 and rng.random() < 0.3 else 0.0,
        texture_seed=int(rng.integers(2**31)),
    )


def _between(palette: np.ndarray, position: float) -> np.ndarray:
    low = min(int(position), len(palette) - 2)
    return palette[low] + (position - low) * (palette[low + 1] - palette[low])


def _colour(rgb: np.ndarray) -> Colour:
    return tuple(float(v) for v in np.clip(rgb, 0, 255))
