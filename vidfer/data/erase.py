"""Random erasing: a rectangle of a picture becomes grey, as if something were in front of the face."""

from __future__ import annotations

import math

import torch
from torch import Tensor

LEAST_AREA = 0.02
"""Smallest area of a rectangle, as a share of the picture (Zhong et al. 2020, section 5.2)."""
ASPECT = 1 / 0.3
"""Largest ratio of a rectangle's sides, either way (the same section)."""
GREY = 0.5
"""What the pixels become: the middle of [0, 1]."""


def rectangles(uniform: Tensor, largest: Tensor) -> Tensor:
    """Random rectangles (B, 4): left, top, right and bottom as shares of the picture's side.

    Random erasing (Zhong et al. 2020, arXiv 1708.04896, algorithm 1): area and ratio of the sides are random,
    then a place where the rectangle fits. A side longer than the picture is cut.

    Args:
        uniform: (B, 4) random numbers in [0, 1): area, ratio, left, top.
        largest: (B,) largest area as a share of the picture; 0 gives a rectangle without pixels.
    """
    least = largest.clamp(max=LEAST_AREA)
    area = least + uniform[:, 0] * (largest - least)
    ratio = torch.exp((2 * uniform[:, 1] - 1) * math.log(ASPECT))
    sides = torch.stack([(area * ratio).sqrt(), (area / ratio).sqrt()], 1).clamp(max=1)
    corner = uniform[:, 2:4] * (1 - sides)
    return torch.cat([corner, corner + sides], 1)


def erase(pictures: Tensor, boxes: Tensor) -> Tensor:
    """Pictures (B, C, H, W) in which the pixels whose middle lies in the rectangles (B, 4) are grey."""
    boxes = boxes.to(pictures.device)
    height, width = pictures.shape[-2:]
    x = (torch.arange(width, device=pictures.device) + 0.5) / width
    y = (torch.arange(height, device=pictures.device) + 0.5) / height
    across = (x >= boxes[:, :1]) & (x < boxes[:, 2:3])
    down = (y >= boxes[:, 1:2]) & (y < boxes[:, 3:4])
    return pictures.masked_fill((down[:, :, None] & across[:, None, :]).unsqueeze(1), GREY)
