"""Squares of pictures, turned and of any size, brought to the size that a network takes."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

RIGHT_EYE, LEFT_EYE = 33, 263
"""The outer corners of the eyes among the points of MediaPipe; in a picture the right eye is on the left."""


@dataclass(frozen=True)
class Squares:
    """One square in each of N pictures. Pixel i of a picture is from i to i + 1."""

    centre: Tensor
    """(N, 2) x and y of the middle, in pixels."""
    side: Tensor
    """(N,) in pixels."""
    turn: Tensor
    """(N,) angle between the picture's and the square's horizontal, in radians, clockwise as it is seen."""

    def split(self, size: int) -> list[Squares]:
        """The squares of ``size`` pictures at a time."""
        parts = (self.centre.split(size), self.side.split(size), self.turn.split(size))
        return [Squares(*of_part) for of_part in zip(*parts)]

    def axes(self) -> Tensor:
        """(N, 2, 2) the square's horizontal and vertical unit vectors, as columns."""
        cos, sin = self.turn.cos(), self.turn.sin()
        return torch.stack([torch.stack([cos, -sin], -1), torch.stack([sin, cos], -1)], -2)

    def outside(self, points: Tensor, size_px: int) -> Tensor:
        """Points (N, P, 2) in pixels of the sampled square to pixels of the picture."""
        places = (points / size_px - 0.5) * self.side[:, None, None]
        return places @ self.axes().mT + self.centre[:, None]


def middle_squares(pictures: Tensor, share: float) -> Squares:
    """Squares in the middle of pictures (N, C, H, W), of which the picture fills a ``share``."""
    n, (height, width) = len(pictures), pictures.shape[-2:]
    return Squares(
        centre=pictures.new_tensor([width / 2, height / 2], dtype=torch.float32).expand(n, 2),
        side=pictures.new_full((n,), max(height, width) / share, dtype=torch.float32),
        turn=pictures.new_zeros(n, dtype=torch.float32),
    )


def level_squares(points: Tensor, margin: float) -> Squares:
    """Squares around the points of faces, turned so that the eyes are level.

    Args:
        points: (N, 478, 2), in pixels of the pictures.
        margin: side of the square over the larger side of the points' box.
    """
    eyes = points[:, LEFT_EYE] - points[:, RIGHT_EYE]
    turn = torch.atan2(eyes[:, 1], eyes[:, 0])
    axes = Squares(points.mean(1), points.new_ones(len(points)), turn).axes()
    turned = points @ axes
    low, high = turned.amin(1), turned.amax(1)
    centre = (((low + high) / 2)[:, None] @ axes.mT)[:, 0]
    # The floor keeps points that all lie in one place finite.
    return Squares(centre, (margin * (high - low).amax(-1)).clamp_min(1.0), turn)


def sample_squares(pictures: Tensor, squares: Squares, size_px: int) -> Tensor:
    """Pictures (N, C, H, W) to their squares (N, C, size_px, size_px), bilinear, the border repeated."""
    height, width = pictures.shape[-2:]
    to_unit = pictures.new_tensor([2 / width, 2 / height], dtype=torch.float32)
    turned = squares.axes() * (squares.side[:, None, None] / 2)
    theta = torch.cat([turned, squares.centre[..., None]], -1) * to_unit[:, None]
    theta[..., 2] -= 1
    grid = F.affine_grid(theta, (len(pictures), 1, size_px, size_px), align_corners=False)
    return F.grid_sample(pictures.float(), grid, padding_mode="border", align_corners=False)
