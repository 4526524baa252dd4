"""Turn, zoom, shift and mirror pictures in one warp, so that every pixel is interpolated once."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def affine_matrices(rotation: Tensor, scale: Tensor, shift: Tensor, flip: Tensor) -> Tensor:
    """Matrices (B, 2, 3) that say for each place of the new pictures which place of the old ones is shown.

    A picture is turned and zoomed about its middle, then shifted, then mirrored. With a turn R, a scale s and
    a shift d, the old place of a new place p is R^-1 (p - d) / s. Places run from -1 to 1 in both directions.

    Args:
        rotation: (B,) degrees, counter-clockwise.
        scale: (B,) factor; above 1 the face gets larger.
        shift: (B, 2) to the right and down, as a share of the picture's side.
        flip: (B,) bool, True mirrors left and right.
    """
    angle = rotation.deg2rad()
    cos, sin = angle.cos() / scale, angle.sin() / scale
    # The y axis points down, so a counter-clockwise turn looks clockwise in these coordinates.
    inverse = torch.stack([torch.stack([cos, -sin], 1), torch.stack([sin, cos], 1)], 1)
    offset = -(inverse @ (2 * shift).unsqueeze(2))  # places from -1 to 1 are 2 apart
    mirrored = torch.stack([torch.where(flip, -1.0, 1.0), torch.ones_like(scale)], 1).unsqueeze(1)
    return torch.cat([inverse * mirrored, offset], 2)


def warp(pictures: Tensor, matrices: Tensor) -> Tensor:
    """Warp square pictures (B, C, S, S) by matrices (B, 2, 3), bilinear; the border is repeated outside.

    Black corners would tell the network which pictures are noised.
    """
    grid = F.affine_grid(matrices.to(pictures), list(pictures.shape), align_corners=False)
    return F.grid_sample(pictures, grid, mode="bilinear", padding_mode="border", align_corners=False)
