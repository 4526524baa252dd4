"""Kornia's brightness, contrast and sharpness in one go, for processors without an accelerator.

Kornia's functions check and copy at every step, which there takes longer than the arithmetic itself.
"""

from __future__ import annotations

import torch
from torch import Tensor


def recolour(pictures: Tensor, brightness: Tensor, contrast: Tensor, sharpness: Tensor) -> Tensor:
    """What ``adjust_brightness``, ``adjust_contrast`` and ``sharpness`` of Kornia give one after the other.

    Args:
        pictures: (B, C, H, W) in [0, 1]; they stay as they are.
        brightness: (B,) added to the pixels.
        contrast: (B,) factor, 0 or more.
        sharpness: (B,) 0 blurred, 1 unchanged, above 1 sharpened.
    """
    factor = contrast.view(-1, 1, 1, 1)
    # clip(c clip(x + b)) = clip(c (x + b)) with the upper end min(c, 1), as c is not negative
    pictures = (pictures + brightness.view(-1, 1, 1, 1)).mul_(factor)
    pictures.clamp_(torch.zeros(()), factor.clamp(max=1))
    if (sharpness == 1).all():
        return pictures
    # The mean of 3x3 pixels in which the middle one counts five times; the border stays as it is.
    three = pictures[:, :, :-2] + pictures[:, :, 1:-1] + pictures[:, :, 2:]
    blurred = three[..., :-2] + three[..., 1:-1]
    middle = pictures[..., 1:-1, 1:-1]
    blurred.add_(three[..., 2:]).add_(middle, alpha=4).mul_(1 / 13)
    middle.copy_(blurred.lerp_(middle, sharpness.view(-1, 1, 1, 1)).clamp_(0, 1))
    return pictures
