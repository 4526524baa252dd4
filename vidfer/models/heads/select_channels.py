"""CSRN's channel selection: class prototypes whose channels come from different shots."""

from __future__ import annotations

import torch
from torch import Tensor

from vidfer.models.heads.shots import shots_by_class

ROUNDING = 1e-5
"""Distances between spatial means that differ by less than this part of the means count as equal."""


def select_channels(maps: Tensor, support_labels: Tensor) -> Tensor:
    """CSRN's channel selection: each channel of a prototype comes from the shot nearest to the class mean.

    s* = argmin_s |g(DAP_c) - g(F_(s,c))|, prototype channel c is F_(s*,c); g is the spatial mean, DAP the
    mean over shots, so g(DAP) is the mean of g. Of equally near shots the one with the largest g is taken:
    two shots are always equally near, and neither rounding nor their order shall choose.

    Args:
        maps: (S, C, H, W) of the support; or (E, S, C, H, W) of as many episodes at once.
        support_labels: (S,) 0 .. N-1 in any order; or (E, S), every episode with the same N.

    Returns:
        (N, C, H, W), or (E, N, C, H, W).

    Raises:
        ValueError: if a class between 0 and the largest label has no shot, in any of the episodes.
    """
    if support_labels.ndim == 2:
        # Classes of different episodes are different classes, which all have their prototypes.
        ways = int(support_labels.max()) + 1
        if (support_labels.amax(1) + 1 < ways).any():
            raise ValueError(f"every episode must hold every class 0 .. N-1, and one has fewer than {ways}")
        first = ways * torch.arange(len(support_labels), device=support_labels.device)
        selected = select_channels(maps.flatten(0, 1), (support_labels + first[:, None]).flatten())
        return selected.unflatten(0, (-1, ways))
    positions, is_shot = shots_by_class(support_labels)
    means = maps.mean((-2, -1))[positions]  # g(F) by class and shot: (N, K, C)
    class_mean = (means * is_shot[..., None]).sum(1, keepdim=True) / is_shot.sum(1)[:, None, None]  # g(DAP)
    distance = (class_mean - means).abs().masked_fill(~is_shot[..., None], float("inf"))
    near = distance - distance.amin(1, keepdim=True) <= ROUNDING * class_mean.abs()
    nearest = means.masked_fill(~near, float("-inf")).argmax(1)  # (N, C)
    return maps[positions.gather(1, nearest), torch.arange(maps.shape[1], device=maps.device)]
