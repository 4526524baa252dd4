"""Max pooling with stride two, as Caffe counts windows: the last one may reach over the edge."""

from __future__ import annotations

import torch
from torch import Tensor

LEAST_VALUES = 2**15
"""With fewer values torch's operator is faster."""


def max_pool(features: Tensor, window: int) -> Tensor:
    """The maximum over windows with stride two.

    On a CPU, first over rows and then over columns, with whole rows at once: this is faster than torch's
    operator, and equal to it.

    Args:
        features: (n,c,h,w), at least as high and as wide as a window. Channels-last order stays.
        window: side of the windows, 2 or 3.
    """
    if features.device.type != "cpu" or features.numel() < LEAST_VALUES:
        return torch.max_pool2d(features, window, 2, ceil_mode=True)
    return _along(_along(features, 2, window), 3, window)


def _along(features: Tensor, axis: int, window: int) -> Tensor:
    """The maximum over windows along one axis."""
    size = features.shape[axis]
    n = (size - window + 1) // 2 + 1
    # The k-th of the values of all windows. The last window may lack some.
    values = [
        features.narrow(axis, k, size - k)[(slice(None),) * axis + (slice(0, 2 * n - 1, 2),)]
        for k in range(window)
    ]
    if values[0].shape == values[1].shape:
        best, others = torch.maximum(values[0], values[1]), values[2:]
    else:
        best, others = values[0].clone(), values[1:]
    for value in others:
        covered = best.narrow(axis, 0, value.shape[axis])
        torch.maximum(covered, value, out=covered)
    return best
