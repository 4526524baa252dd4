"""FAN's encoder (Meng et al., ICIP 2019): one ResNet-18 on the face."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from vidfer.errors import SettingError
from vidfer.models.encoders.grouped_resnet import GroupedResNet18, check_stochastic_depth
from vidfer.models.encoders.plain_encoder import PlainEncoder
from vidfer.models.encoders.staged_settings import StagedSettings
from vidfer.models.frames import FramePacker
from vidfer.rare import Rare


@dataclass(frozen=True, kw_only=True)
class ResNet18Settings(StagedSettings):
    """Options of the encoder resnet18."""

    name = "resnet18"

    width: int = 64
    """Channels of the first stage; the four stages have 1, 2, 4 and 8 times as many. 64 is ResNet-18; 16
    trains on a CPU."""

    stochastic_depth: Rare[float] = 1.0
    """In training, whole blocks are left out of a clip (Huang et al. 2016). This is the probability that the
    last block is kept; earlier ones are kept more often. 1 is off; Noisy Student has 0.8."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.width < 1:
            raise SettingError(f"--encoder.width {self.width}: give at least 1 (64 is the full ResNet-18)")
        check_stochastic_depth(self.stochastic_depth)


class ResNet18Encoder(PlainEncoder):
    """ResNet-18 on each region of each frame, the mean of its last map, then frame attention."""

    Settings = ResNet18Settings

    def __init__(self, width: int = 64, stochastic_depth: float = 1.0, **shared) -> None:
        """``shared``: arguments of :class:`vidfer.models.encoders.plain_encoder.PlainEncoder`."""
        super().__init__(GroupedResNet18(1, width, stochastic_depth), **shared)

    def maps_and_vectors(self, images: Tensor, frames: FramePacker) -> tuple[list[Tensor], None]:
        # A clip loses a block in all its frames and regions, so that noise never looks like motion.
        of_clips = self.backbone.draw_drop_path(len(frames.frame_mask))
        of_frames = frames.of_frames(of_clips)
        of_images = None if of_frames is None else of_frames.repeat_interleave(len(self.regions), dim=0)
        return self.backbone(images, of_images), None
