"""Turn stored crops into the noised input of a network in training."""

from __future__ import annotations

from torch import Tensor, nn

from vidfer.data.noise import ClipNoise
from vidfer.data.settings import NoiseSettings
from vidfer.models.frames import resize_images, unit_float
from vidfer.models.settings import ModelSettings

CONV4_PX = 64
"""The one size that conv4 works on."""


class NoisedInput(nn.Module):
    """Resizes crops to the size of the network's input and noises them, on their device.

    Crops are resized first: noise at 224 pixels costs twelve times as much as at 64 pixels, and the network
    would not see more of it.
    """

    def __init__(self, noise: NoiseSettings, model: ModelSettings) -> None:
        super().__init__()
        # face_mesh resizes by itself: twice would blur what it looks at.
        self.input_px = {"conv4": CONV4_PX, "face_mesh": None}.get(model.encoder, model.input_px)
        self.noise = ClipNoise(noise)

    def forward(self, crops: Tensor) -> Tensor:
        """uint8 (B, T, R, 3, S, S) to float (B, T, R, 3, H, W) in [0, 1]; noised in training mode only."""
        if crops.device.type == "cpu":
            # Whole numbers are resized seven times faster, with a rounding error of at most one level of 255.
            return self.noise(unit_float(self._resized(crops)))
        return self.noise(self._resized(unit_float(crops)))

    def _resized(self, crops: Tensor) -> Tensor:
        return resize_images(crops.flatten(0, 2), self.input_px).unflatten(0, crops.shape[:3])
