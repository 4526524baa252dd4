"""What a network of images sees of a frame."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from vidfer.models.frames import resize_images, select_regions, unit_float
from vidfer.models.pretrained.row import IMAGENET_MEAN, IMAGENET_STD


class FrameInput(nn.Module):
    """Takes the chosen regions, scales to [0, 1], normalises, by default as ImageNet, and resizes."""

    def __init__(
        self,
        regions: Sequence[str],
        input_px: int | None,
        mean: Sequence[float] = IMAGENET_MEAN,
        std: Sequence[float] = IMAGENET_STD,
    ) -> None:
        """``input_px``: side of the images; None leaves them as they are. ``mean``, ``std``: of each
        colour, in [0, 1]."""
        super().__init__()
        self.regions, self.input_px = regions, input_px
        self.register_buffer("mean", torch.tensor(mean).view(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).view(3, 1, 1), persistent=False)

    def forward(self, crops: Tensor) -> Tensor:
        """Crops (M, 3, 3, H, W), uint8, or float in [0, 1], to images (M, R 3, px, px), region-major."""
        images = (unit_float(select_regions(crops, self.regions)) - self.mean) / self.std
        return resize_images(images.flatten(1, 2), self.input_px)
