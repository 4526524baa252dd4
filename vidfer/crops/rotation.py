"""How a film is turned so that its faces are upright, in words and with ffmpeg."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

ROTATIONS = {
    90: ("by 90° to the right", "transpose=clock"),
    180: ("upside down", "hflip,vflip"),
    270: ("by 90° to the left", "transpose=cclock"),
}
"""Degrees clockwise -> how people say it, and how ffmpeg does it."""


def how_to_turn(path: Path, rotation: int) -> str:
    """What the user can do with a film, picture or folder that must be turned clockwise by 90, 180 or 270
    degrees."""
    how, option = ROTATIONS[rotation]
    turned = f"turned{path.suffix or '.mp4'}"
    tool = f", for instance with `ffmpeg -i {shlex.quote(path.name)} -vf {option} {turned}`"
    is_folder = os.path.isdir(path)  # noqa: PTH112  # Path.is_dir() fails in a closed folder
    return f"turn it {how}{'' if is_folder else tool}"
