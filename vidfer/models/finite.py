"""Find weights that are no numbers any more, as after a training that has diverged."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor


def first_not_finite(weights: Mapping[str, Tensor]) -> str | None:
    """The name of the first tensor that holds NaN or an infinite value; None if all are finite.

    Args:
        weights: name of each tensor -> tensor, such as a ``state_dict``.
    """
    return next((name for name, tensor in weights.items() if not tensor.isfinite().all()), None)
