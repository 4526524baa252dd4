"""Settings of a prediction; free of torch, so that a command line can parse them at once."""

from __future__ import annotations

from dataclasses import dataclass

from vidfer.crops.settings import CropSettings, Whose
from vidfer.errors import SettingError
from vidfer.rare import Fixed, Rare


@dataclass(frozen=True, kw_only=True)
class FilmSettings(CropSettings):
    """How films are read, and faces found and followed; the same as for a cache but for these."""

    size_px: Fixed[int] = 224
    """The classifier chooses it."""
    max_frames: Fixed[int | None] = None
    """Films are not thinned to a number of frames; ``fps`` thins them."""
    face: Whose = "all"
    """Who is predicted: `all` (everybody who is seen), `main` (large, clear and seen for long), `longest`
    (seen in most frames), `largest`, `centre` (nearest to the middle), or `picture` (nothing is searched;
    every picture was cut to the face before)."""


@dataclass(frozen=True, kw_only=True)
class WindowSettings:
    """Which pieces of film the network sees, and how its answers become those of single frames."""

    window_s: float = 1.0
    """Length of the pieces of film that the network sees, in seconds."""
    step_s: float = 0.2
    """Time from one piece to the next, in seconds: 0.2 asks the network five times a second."""
    frames: Rare[int] = 5
    """Frames of a piece that the network sees, evenly spread over it."""
    average_s: Rare[float] = 0.4
    """The answers for pieces whose middles are nearer than this to a frame count for it, in seconds; nearer
    ones count more. At least one step."""

    def __post_init__(self) -> None:
        for name in ("window_s", "step_s", "average_s"):
            if not 0 < getattr(self, name) < 3600:
                raise SettingError(
                    f"--{name.replace('_', '-')} {getattr(self, name)}: give seconds, more than 0"
                )
        if not 1 <= self.frames <= 1000:
            raise SettingError(f"--frames {self.frames}: the network must see 1 to 1000 frames of a piece")
        if self.step_s > self.window_s:
            raise SettingError(
                f"--step-s {self.step_s} is longer than --window-s {self.window_s}: parts of the film would "
                "not be seen; give a step that is at most as long as the window"
            )

    @property
    def slot_s(self) -> float:
        """Length of the part of a piece from which one frame is taken."""
        return self.window_s / self.frames

    @property
    def reach_s(self) -> float:
        """How far from a frame the answers that count for it may be."""
        return max(self.average_s, self.step_s)
