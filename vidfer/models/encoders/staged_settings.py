"""Options of the encoders that have four stages of maps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from vidfer.errors import SettingError
from vidfer.models.embedding import MAP_PX
from vidfer.models.settings import EncoderSettings, check_choice
from vidfer.rare import Rare

CROP_PX = 224
"""Side of the crops that a cache holds unless told otherwise; a stage's map is 1/4, 1/8, 1/16, 1/32 of it."""

MAP_STAGE = 3
"""The stage that gives the maps unless told otherwise."""


@dataclass(frozen=True, kw_only=True)
class StagedSettings(EncoderSettings):
    """Options of an encoder whose image network gives maps of 1/4, 1/8, 1/16 and 1/32 of the image."""

    input_px: int | None = None
    """Side, in pixels, that crops are resized to before the network sees them; at least 32. By default they
    stay as they are in the cache."""

    regions: tuple[Literal["face", "eyes", "mouth"], ...] = ("face",)
    """Regions that the network looks at, such as: eyes mouth. Several regions go through the same weights."""

    region_attention: Rare[Literal["softmax", "mean"]] = "softmax"
    """How the regions of a frame become one vector: weighted by softmax(w tanh(W x)), or their plain mean."""

    map_stage: Rare[int | None] = MAP_STAGE
    """Which stage (1 to 4) gives the maps for a relation head. None, the default of earlier versions, is the
    deepest one whose map is 14x14 or larger: for an input_px below 112 the first, which sees edges and no
    expressions."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_choice("--encoder.region-attention", self.region_attention, ("softmax", "mean"))
        if self.map_stage not in (None, 1, 2, 3, 4):
            raise SettingError(
                f"--encoder.map-stage {self.map_stage}: choose a stage from 1 to 4, or leave it out"
            )

    def resolved_map_stage(self) -> int:
        """The stage that gives the maps, 1 to 4."""
        return resolved_map_stage(self.map_stage, self.input_px)


def resolved_map_stage(map_stage: int | None, input_px: int | None) -> int:
    """The stage that gives the maps, 1 to 4; for None it is worked out from ``input_px``."""
    if map_stage is not None:
        return map_stage
    large_enough = [stage for stage in (1, 2, 3) if (input_px or CROP_PX) >> (stage + 1) >= MAP_PX]
    return large_enough[-1] if large_enough else 1
