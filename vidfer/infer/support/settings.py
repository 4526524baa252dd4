"""How examples of own expressions are read and what they are compared with. There is no torch here."""

from __future__ import annotations

from dataclasses import dataclass

from vidfer.errors import SettingError
from vidfer.rare import Rare

NONE_OF_THESE = "none of these"
"""The answer where none of the own expressions is shown."""

BACKGROUND = ("background", "neutral", "none", "none_of_these", "nothing", "other", "others")
"""Folders and labels of these names, in any spelling, hold background examples: faces that show none of the
own expressions."""


@dataclass(frozen=True, kw_only=True)
class SupportSettings:
    """How examples become vectors."""

    encoders: tuple[str, ...] = ()
    """The networks among which the best one for the examples is chosen: included ones (basic7), folders of
    checkpoints, and names that `vidfer encoders` lists and that are on this machine. By default basic7, and
    the face landmarker if it is on this machine."""
    background: tuple[str, ...] = BACKGROUND
    """Names, in any spelling, of folders or labels with background examples: faces that show none of the own
    expressions. Leave out what shall be an expression of its own."""
    window_s: Rare[float] = 1.0
    """Length of the pieces that a longer example is cut into, in seconds."""
    step_s: Rare[float] = 0.5
    """Time from the start of a piece to the start of the next one, in seconds."""
    frames: Rare[int] = 5
    """Frames of a piece that the network sees."""
    windows: Rare[int] = 12
    """Most pieces of one example, spread evenly over it."""

    def __post_init__(self) -> None:
        for name in ("window_s", "step_s", "frames", "windows"):
            if not getattr(self, name) > 0:
                raise SettingError(f"{name} is {getattr(self, name)}; it must be greater than 0")
