"""Whitening: directions in which vectors differ without another expression are made small."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Whitening(nn.Module):
    """v' = (v - centre) transform; as built it changes nothing.

    Made by :func:`fit_whitening`. Both are buffers, so a checkpoint keeps them and no training changes them.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.register_buffer("centre", torch.zeros(channels))
        self.register_buffer("transform", torch.eye(channels))

    def forward(self, vectors: Tensor) -> Tensor:
        """(B, C) to (B, C), in float32 under autocast as well."""
        with torch.autocast(vectors.device.type, enabled=False):
            return (vectors.float() - self.centre) @ self.transform


@torch.no_grad()
def fit_whitening(vectors: Tensor, of_nuisance: Tensor, shrinkage: float) -> Whitening:
    """Fit a whitening to vectors of one class, which should be alike.

    It is within-class covariance normalisation (Hatch, Kajarekar and Stolcke 2006) with the covariance W of
    one class only, for instance of neutral faces. They show no expression, so they differ only in who it is,
    how the head is held, and how well the face was seen. transform = (W + shrinkage tr(W) I)^(-1/2), the
    symmetrical root, which does not depend on signs of eigenvectors.

    Args:
        vectors: (M, C), of the clips to train on.
        of_nuisance: (M,) bool, the vectors of that one class; two at least.
        shrinkage: variance added in every direction, as a share of the sum over all directions, above 0. It
            limits what a direction gains in which that class happens not to vary.

    Returns:
        The whitening, float32 on the CPU; ``centre`` is the mean of all ``vectors``.

    Raises:
        ValueError: fewer than two vectors of the class, all of them equal, or no ``shrinkage``.
    """
    vectors = vectors.double().cpu()
    nuisance = vectors[of_nuisance.cpu()]
    if len(nuisance) < 2 or shrinkage <= 0:
        raise ValueError(f"{len(nuisance)} vectors, shrinkage {shrinkage}: give two or more, and above 0")
    nuisance = nuisance - nuisance.mean(0)
    variances, directions = torch.linalg.eigh(nuisance.T @ nuisance / len(nuisance))
    total = variances.sum()
    if total <= 0:
        raise ValueError("the vectors of the class are all equal, so they show no nuisance")
    whitening = Whitening(vectors.shape[1])
    # Rounding makes variances of zero a little negative.
    scale = (variances.clamp_min(0) + shrinkage * total).rsqrt()
    whitening.transform.copy_(directions * scale @ directions.T)
    whitening.centre.copy_(vectors.mean(0))
    return whitening
