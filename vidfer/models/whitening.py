"""Standardising: every number of a vector gets the same spread, around an origin without expression."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Whitening(nn.Module):
    """v' = (v - centre) transform; as built it changes nothing.

    Made by :func:`fit_standardising`, with a diagonal ``transform``. Older checkpoints hold a full one, which
    makes the directions small in which one class varies. Both are buffers, so a checkpoint keeps them and no
    training changes them.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.register_buffer("centre", torch.zeros(channels))
        self.register_buffer("transform", torch.eye(channels))

    def forward(self, vectors: Tensor) -> Tensor:
        """(B, C) to (B, C), in float32 under autocast as well."""
        with torch.autocast(vectors.device.type, enabled=False):
            return (vectors.float() - self.centre) @ self.transform


def spread_of(vectors: Tensor) -> Tensor:
    """Standard deviation (C,) of each number of vectors (M, C), double on the CPU, to divide by.

    It is infinite for a number that never changes, which so becomes zero.

    Raises:
        ValueError: all vectors are equal, so there is no spread.
    """
    spread = vectors.double().cpu().std(0, correction=0)
    changes = spread > 1e-6 * spread.max()
    if not changes.any():
        raise ValueError(f"the {len(vectors)} vectors are all equal")
    return spread.masked_fill(~changes, float("inf"))


@torch.no_grad()
def fit_standardising(vectors: Tensor, centre: Tensor, sizes: Tensor) -> Whitening:
    """Fit v' = (v - centre) / (standard deviation of v sqrt(C of its part)).

    Cosines then compare all numbers alike, however large they are, and all parts of a vector weigh the same,
    however many numbers they have.

    Args:
        vectors: (M, C), of the clips to train on.
        centre: (C,), what becomes the origin.
        sizes: (C,) how many numbers the part of each number has
            (:meth:`vidfer.models.encoders.base.Encoder.part_sizes`).

    Returns:
        The whitening, float32 on the CPU. A number that never changes becomes zero.

    Raises:
        ValueError: all vectors are equal, so there is no spread.
    """
    scale = 1 / (spread_of(vectors) * sizes.double().cpu().sqrt())
    whitening = Whitening(vectors.shape[1])
    whitening.transform.copy_(scale.diag())
    whitening.centre.copy_(centre)
    return whitening
