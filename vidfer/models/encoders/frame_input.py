"""What a network with ImageNet's conventions sees of a frame."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from vidfer.models.frames import resize_images, select_regions, unit_float

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


class FrameInput(nn.Module):
    """Takes the chosen regions, scales to [0, 1], normalises as ImageNet, resizes."""

    def __init__(self, regions: Sequence[str], input_px: int | None) -> None:
        """``input_px``: side of the images; None leaves them as they are."""
        super().__init__()
        self.regions, self.input_px = regions, input_px
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN).view(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(IMAGENET_STD).view(3, 1, 1), persistent=False)

    def forward(self, crops: Tensor) -> Tensor:
        """Crops (M, 3, 3, H, W), uint8, or float in [0, 1], to images (M, R 3, px, px), region-major."""
        images = (unit_float(select_regions(crops, self.regions)) - self.mean) / self.std
        return resize_images(images.flatten(1, 2), self.input_px)
