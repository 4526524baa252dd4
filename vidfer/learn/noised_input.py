"""Turn stored crops into the noised input of a network in training."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from vidfer.crops import REGIONS
from vidfer.data.noise import ClipNoise
from vidfer.data.settings import NoiseSettings
from vidfer.models.frames import resize_images, select_regions, unit_float


class NoisedInput(nn.Module):
    """Takes the network's regions, resizes them to the size of its input and noises them, on their device.

    Crops are resized first: noise at 224 pixels costs twelve times as much as at 64 pixels, and the network
    would not see more of it.
    """

    def __init__(self, noise: NoiseSettings, input_px: int | None, regions: Sequence[str] = REGIONS) -> None:
        """``input_px``: side of the network's input; None leaves the crops as they are. ``regions``: that it
        looks at; noise for the others would cost time and change nothing."""
        super().__init__()
        self.input_px, self.regions = input_px, tuple(regions)
        self.noise = ClipNoise(noise)

    def forward(self, crops: Tensor) -> Tensor:
        """uint8 (B, T, 3, 3, S, S) to float (B, T, R, 3, H, W) in [0, 1]; noised in training mode only."""
        crops = select_regions(crops, self.regions)
        if crops.device.type == "cpu":
            # Whole numbers are resized seven times faster, with a rounding error of at most one level of 255.
            return self.noise(unit_float(self._resized(crops)))
        return self.noise(self._resized(unit_float(crops)))

    def _resized(self, crops: Tensor) -> Tensor:
        return resize_images(crops.flatten(0, 2), self.input_px).unflatten(0, crops.shape[:3])
