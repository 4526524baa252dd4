"""Change training clips at random, with Kornia, on the device."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import torch
from kornia.color import rgb_to_grayscale
from kornia.enhance import adjust_brightness, adjust_contrast, sharpness
from kornia.geometry.transform import hflip, translate
from torch import Tensor, nn

from vidfer.data.erase import erase, rectangles
from vidfer.data.recolour import recolour
from vidfer.data.settings import NoiseSettings
from vidfer.data.warp import affine_matrices, warp

CACHED = 1 << 18
"""Numbers that are changed at once on a processor: 1 MB."""


@dataclass(frozen=True)
class NoiseDraw:
    """The random strengths for B clips, on the CPU."""

    brightness: Tensor
    """(B,) added to the pixels."""
    contrast: Tensor
    """(B,) factor."""
    sharpness: Tensor
    """(B,) Kornia's factor: 0 blurred, 1 unchanged, above 1 sharpened."""
    shift: Tensor
    """(B, 2) to the right and down, as a share of the image's side."""
    flip: Tensor
    """(B,) bool."""
    rotation: Tensor | None = None
    """(B,) degrees, counter-clockwise."""
    scale: Tensor | None = None
    """(B,) factor of the face's size."""
    erased: Tensor | None = None
    """(B, 4) left, top, right and bottom of what is erased, as shares of the side."""
    grey: Tensor | None = None
    """(B,) bool."""

    def __getitem__(self, clips: slice) -> NoiseDraw:
        """The strengths for some of the clips."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return NoiseDraw(**{name: value if value is None else value[clips] for name, value in values.items()})


class ClipNoise(nn.Module):
    """Noise of brightness, contrast, sharpness and colour, and of place, turn, size, flip and occlusion.

    All frames and regions of a clip get the same change, so noise never looks like motion. In evaluation mode
    clips stay as they are.

    Example:
        >>> noise = ClipNoise(NoiseSettings())
        >>> noise(torch.rand(2, 4, 3, 3, 16, 16), torch.Generator().manual_seed(0)).shape
        torch.Size([2, 4, 3, 3, 16, 16])
    """

    def __init__(self, settings: NoiseSettings):
        super().__init__()
        self.settings = settings

    def forward(self, crops: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Noised copies of clips.

        Args:
            crops: float (B, T, R, 3, H, W) in [0, 1], on any device.
            generator: on the CPU, so that a seed gives the same noise on every device; None is torch's own.

        Returns:
            The same shape, type and range.
        """
        if not crops.is_floating_point():
            raise TypeError(f"noise takes floats in [0, 1], not {crops.dtype}: divide by 255 first")
        if not self.training or crops.shape[0] == 0:
            return crops
        return self.apply_draw(crops, self.draw(crops.shape[0], generator))

    def draw(self, clips: int, generator: torch.Generator | None = None) -> NoiseDraw:
        """Draw random strengths for a number of clips.

        It takes as many random numbers for weak noise as for strong noise; a number of ``kinds`` takes more,
        and so do rotation, scale, erasing and grey, once one of them is on.
        """
        uniform = torch.rand(clips, 6, generator=generator)
        signed = 2 * uniform[:, :5] - 1
        s = self.settings
        usual = (s.brightness, s.contrast, s.sharpness, s.translation)
        more = (s.rotation, s.scale, s.erase, s.grey)
        known = usual + more if any(more) else usual
        strength = torch.full((clips, len(known)), float(s.magnitude))
        if s.kinds is not None:
            off = torch.tensor([not kind for kind in known])
            places = torch.rand(clips, len(known), generator=generator) + off  # kinds that are off come last
            order = places.argsort(dim=1).argsort(dim=1)
            strength = strength * (order < s.kinds)
        drawn = NoiseDraw(
            brightness=(s.brightness * strength[:, 0] * signed[:, 0]).clamp(-1, 1),
            contrast=1 + (s.contrast * strength[:, 1] * signed[:, 1]).clamp(-1, 1),
            sharpness=1 + (s.sharpness * strength[:, 2] * signed[:, 2]).clamp(-1, 1),
            shift=(s.translation * strength[:, 3:4] * signed[:, 3:5]).clamp(-1, 1),
            flip=uniform[:, 5] < s.flip,
        )
        if not any(more):
            return drawn
        uniform = torch.rand(clips, 8, generator=generator)
        signed = 2 * uniform[:, :2] - 1
        area = (s.erase_area * strength[:, 6]).clamp(max=1) * (uniform[:, 2] < s.erase)
        return replace(
            drawn,
            rotation=(s.rotation * strength[:, 4] * signed[:, 0]).clamp(-180, 180),
            scale=(1 + (s.scale * strength[:, 5]).clamp(max=1)) ** signed[:, 1],
            erased=rectangles(uniform[:, 3:7], area),
            grey=(uniform[:, 7] < s.grey) & (strength[:, 7] > 0),
        )

    def apply_draw(self, crops: Tensor, draw: NoiseDraw) -> Tensor:
        """Apply drawn changes to clips (B, T, R, 3, H, W)."""
        # Treat a clip as one image of T·R·3 channels: Kornia then changes its frames and regions alike.
        pictures = crops.flatten(1, 3)
        if crops.device.type != "cpu":
            return self._change(pictures, draw).view_as(crops)
        # Some clips at a time stay in the processor's cache. One at a time would be too few: threads would
        # wait for each other longer than they compute.
        clips = max(1, CACHED // max(1, pictures[0].numel()))
        changed = torch.empty_like(pictures)
        for first in range(0, len(pictures), clips):
            some = slice(first, first + clips)
            changed[some] = self._change(pictures[some], draw[some])
        return changed.view_as(crops)

    def _change(self, pictures: Tensor, draw: NoiseDraw) -> Tensor:
        s = self.settings
        if s.brightness or s.contrast or s.sharpness:
            pictures = self._recolour(pictures, draw)
        if s.grey and draw.grey.any():
            grey = draw.grey.to(pictures.device).view(-1, 1, 1, 1, 1)
            images = pictures.unflatten(1, (-1, 3))
            pictures = torch.where(grey, rgb_to_grayscale(images), images).flatten(1, 2)
        pictures = self._move(pictures, draw)
        return erase(pictures, draw.erased) if s.erase else pictures

    def _recolour(self, pictures: Tensor, draw: NoiseDraw) -> Tensor:
        if pictures.device.type == "cpu":
            strengths = (draw.brightness, draw.contrast, draw.sharpness)
            return recolour(pictures, *(strength.to(pictures) for strength in strengths))
        pictures = adjust_brightness(pictures, draw.brightness.to(pictures))
        pictures = adjust_contrast(pictures, draw.contrast.to(pictures))
        return sharpness(pictures, draw.sharpness.to(pictures))

    def _move(self, pictures: Tensor, draw: NoiseDraw) -> Tensor:
        s = self.settings
        still = torch.zeros(len(pictures))
        if s.rotation or s.scale:
            return warp(pictures, affine_matrices(draw.rotation, draw.scale, draw.shift, draw.flip))
        if s.translation and pictures.device.type == "cpu":  # five times as fast as Kornia there
            return warp(pictures, affine_matrices(still, still + 1, draw.shift, draw.flip))
        if s.translation:
            side = pictures.new_tensor([pictures.shape[-1], pictures.shape[-2]])
            # Repeat the border: black bars would tell the network which clips are noised.
            pictures = translate(pictures, draw.shift.to(pictures) * side, padding_mode="border")
        if draw.flip.any():
            mirrored = draw.flip.to(pictures.device).view(-1, 1, 1, 1)
            pictures = torch.where(mirrored, hflip(pictures), pictures)
        return pictures
