"""Draw a film in which three people show one expression after another.

    python tools/draw_film.py film.mp4

The people are drawn (vidfer.actors), not real. `make demo` predicts what this film shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tyro
from program import run

from vidfer.actors.draw import draw_side_by_side
from vidfer.actors.encode import encode
from vidfer.errors import SettingError

CAST = {
    1: ("neutral", "surprise", "happy"),
    22: ("happy", "neutral", "surprise"),
    5: ("neutral", "happy", "neutral"),
}
"""Seed of a person -> what the person acts, one after another. From left to right in the film."""
FPS = 25
FRAMES_OF_AN_ACT = 50
SIZE = (420, 400)
"""Width and height of the part of the picture that one person has, in pixels."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What to draw."""

    out: tyro.conf.Positional[Path]
    """The film to write; it ends in .mp4 or .avi."""


def main(settings: Settings) -> None:
    out = settings.out
    if out.suffix not in (".mp4", ".avi"):
        raise SettingError(f"{out}: give a name that ends in .mp4 or .avi")
    out.parent.mkdir(parents=True, exist_ok=True)
    encode(people_side_by_side(), out, fps=FPS, crf=16)


def people_side_by_side(n_people: int = len(CAST)) -> np.ndarray:
    """Frames of the first people, uint8 (T, H, W, 3) RGB."""
    cast = dict([*CAST.items()][:n_people])
    return draw_side_by_side(cast, setting="studio", frames_of_an_act=FRAMES_OF_AN_ACT, fps=FPS, size=SIZE)


if __name__ == "__main__":
    run(main, Settings, __doc__)
