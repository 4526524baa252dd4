"""Support clips grouped by class, as tensors, whatever their order and however many a class has."""

from __future__ import annotations

import torch
from torch import Tensor


def shots_by_class(support_labels: Tensor) -> tuple[Tensor, Tensor]:
    """Where the shots of each class are.

    Args:
        support_labels: (S,) integers 0 .. N-1, every class at least once, in any order.

    Returns:
        Positions (N, K) into the support, K the largest number of shots, in support order; and a mask (N, K),
        False where a class has fewer shots (the position there is some valid one).

    Raises:
        ValueError: if a class between 0 and the largest label has no shot.
    """
    counts = torch.bincount(support_labels)
    if not len(counts) or int(counts.min()) == 0:
        raise ValueError(f"support labels must hold every class 0 .. N-1, got {support_labels.tolist()}")
    order = torch.argsort(support_labels, stable=True)
    shot = torch.arange(int(counts.max()), device=counts.device)
    first = counts.cumsum(0) - counts
    positions = (first[:, None] + shot).clamp_max(len(order) - 1)
    return order[positions], shot < counts[:, None]


def class_means(values: Tensor, support_labels: Tensor) -> Tensor:
    """Mean over each class's shots: values (S, ...) to (N, ...). Of feature maps: the DAP of CSRN and CRN."""
    positions, is_shot = shots_by_class(support_labels)
    weights = is_shot.to(values.dtype) / is_shot.sum(1, keepdim=True)
    return (weights.view(*weights.shape, *[1] * (values.ndim - 1)) * values[positions]).sum(1)
