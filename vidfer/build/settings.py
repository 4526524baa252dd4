"""How a cache is built and stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from vidfer.errors import VidferError
from vidfer.rare import Rare

QUALITY, SMALL_QUALITY = 85, 95
SMALL_PX = 112
"""Crops of a smaller side are kept at the better quality."""


@dataclass(frozen=True, kw_only=True)
class BuildSettings:
    """How the crops are kept and how the work is done. Only `codec` and `quality` shape the result."""

    codec: Rare[Literal["jpeg", "raw"]] = "jpeg"
    """How crops are kept: `jpeg`, or `raw` for the exact pixels at about 25 times the size."""
    quality: Rare[int | None] = None
    """JPEG quality, 1 to 100; by default 85, and 95 for crops of less than 112 pixels, which lose too much at
    85. docs/cache.md says what each step costs."""
    workers: int | None = None
    """Processes that read clips; one per core when not given. Their number does not change the result."""
    time_limit_s: Rare[float] = 600.0
    """A clip that takes longer (plus one second for each 100 kB of video) is given up, and listed so."""
    retry_failed: bool = False
    """Read clips again that an earlier start could not read, or not to their end. One whose file has changed
    is read anyway."""
    add: bool = False
    """Keep clips of an existing cache that are not found now: so several data sets go into one cache."""
    overwrite: bool = False
    """Replace a cache that was made with other settings, or that has clips which are not wanted any more."""

    def __post_init__(self) -> None:
        if self.codec not in ("jpeg", "raw"):
            raise VidferError(f"codec is '{self.codec}'; it must be 'jpeg' or 'raw'")
        if self.quality is not None and not 1 <= self.quality <= 100:
            raise VidferError(f"quality is {self.quality}; it must be between 1 and 100")
        if self.workers is not None and self.workers < 1:
            raise VidferError(f"workers is {self.workers}; at least 1 is needed")
        if self.add and self.overwrite:
            raise VidferError("--add keeps clips that are not found now, --overwrite drops them; choose one")
        if not self.time_limit_s > 0:
            raise VidferError(f"time_limit_s is {self.time_limit_s}; it must be greater than 0")

    def quality_for(self, size_px: int) -> int:
        """The JPEG quality of crops of that size."""
        if self.quality is not None:
            return self.quality
        return QUALITY if size_px >= SMALL_PX else SMALL_QUALITY
