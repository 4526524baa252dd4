"""Cosines of queries with directions, fine enough to tell clips apart that look nearly alike."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def cosines(query: Tensor, directions: Tensor) -> Tensor:
    """Products of the unit vectors of queries (Q, C) with directions (N, C): (Q, N), in float32 under
    autocast as well.

    What a network ends with is positive, so that all its vectors point the same way and their cosines differ
    by a hundredth or less; half precision would round that away.

    Args:
        query: of any length.
        directions: of length one, or means of such.
    """
    with torch.autocast(query.device.type, enabled=False):
        return F.normalize(query.float(), dim=-1) @ directions.float().T
