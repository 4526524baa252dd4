"""How the crops of a cache are stored, and how the work of building it is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from vidfer.errors import SettingError
from vidfer.rare import Rare

QUALITY, SMALL_QUALITY = 85, 95
SMALL_PX = 112
"""Crops with a smaller side are stored at the better quality."""


@dataclass(frozen=True, kw_only=True)
class BuildSettings:
    """How crops are stored and how the work is done. Only `codec` and `quality` change the result."""

    workers: int | None = None
    """Processes that read clips; by default one per core. Their number does not change the result."""
    retry_failed: bool = False
    """Read clips again that an earlier start could not read, or not to their end. Clips whose files have
    changed are always read again."""
    add: bool = False
    """Keep clips of an existing cache that are not found now. So several data sets go into one cache."""
    overwrite: bool = False
    """Replace a cache that was made with other settings, or that has clips which are not found now."""
    codec: Rare[Literal["jpeg", "raw"]] = "jpeg"
    """How crops are stored: `jpeg`, or `raw` for the exact pixels at about 25 times the size."""
    quality: Rare[int | None] = None
    """JPEG quality, 1 to 100. The default is 85, and 95 for crops of less than 112 pixels: these lose too
    much at 85. docs/cache_size_and_speed.md has the numbers."""
    time_limit_s: Rare[float] = 600.0
    """A clip that takes longer is given up and listed. One second is added for each 100 kB of video."""

    def __post_init__(self) -> None:
        if self.codec not in ("jpeg", "raw"):
            raise SettingError(f"codec is '{self.codec}'; it must be 'jpeg' or 'raw'")
        if self.quality is not None and not 1 <= self.quality <= 100:
            raise SettingError(f"quality is {self.quality}; it must be between 1 and 100")
        if self.workers is not None and self.workers < 1:
            raise SettingError(f"workers is {self.workers}; at least 1 is needed")
        if self.add and self.overwrite:
            raise SettingError(
                "--add keeps clips that are not found now, --overwrite drops them; give one of them"
            )
        if not self.time_limit_s > 0:
            raise SettingError(f"time_limit_s is {self.time_limit_s}; it must be greater than 0")

    def quality_for(self, size_px: int) -> int:
        """The JPEG quality of crops of that size."""
        if self.quality is not None:
            return self.quality
        return QUALITY if size_px >= SMALL_PX else SMALL_QUALITY
