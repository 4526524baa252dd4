"""A film of two drawn people, for a visitor of the app who has no film at hand."""

from __future__ import annotations

from pathlib import Path

from vidfer.actors.draw import draw_side_by_side
from vidfer.actors.encode import encode
from vidfer.files import writing

NAME = "two_drawn_people.mp4"
CAST = {1: ("surprise", "happy"), 22: ("happy", "neutral")}
"""Seed of a person -> what the person acts, one after another. From left to right in the film."""
FRAMES_OF_AN_ACT = 40
FPS = 25
SIZE = (420, 400)
"""Width and height of the part of the picture that one person has, in pixels."""


def draw_two_people(folder: Path) -> Path:
    """Draw the film into a folder; always the same film.

    Raises:
        DiskError: the disk is full.
    """
    frames = draw_side_by_side(CAST, setting="studio", frames_of_an_act=FRAMES_OF_AN_ACT, fps=FPS, size=SIZE)
    with writing(folder / NAME):
        encode(frames, folder / NAME, fps=FPS, crf=22)
    return folder / NAME
