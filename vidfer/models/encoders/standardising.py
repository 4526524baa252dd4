"""Every number of an encoder's vectors gets the same spread over the clips to train on."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from vidfer.models.whitening import spread_of


class Standardising(nn.Module):
    """v' = weight (v - centre) / spread, number by number; clips without a face become zero.

    While an encoder learns, centre and spread follow it, as in batch normalisation without the learned scale
    (Ioffe, Szegedy 2015, arXiv 1502.03167): fixed ones would soon be wrong. For an encoder that stays as it
    is, they are fitted once, to all clips to train on (:meth:`fit`). A checkpoint keeps both.
    """

    def __init__(self, weight: Tensor) -> None:
        """``weight`` (C,) of each number."""
        super().__init__()
        self.register_buffer("weight", weight.clone(), persistent=False)
        self.following = nn.BatchNorm1d(len(weight), affine=False)
        self.register_buffer("centre", torch.zeros(len(weight)))
        self.register_buffer("scale", torch.ones(len(weight)))
        self.register_buffer("fitted", torch.zeros((), dtype=torch.bool))

    @torch.no_grad()
    def fit(self, vectors: Tensor) -> None:
        """Fix centre and spread to those of vectors (M, C) of clips with a face.

        A number that never changes becomes zero.

        Raises:
            ValueError: all vectors are equal, so there is no spread.
        """
        self.scale.copy_(1 / spread_of(vectors))
        self.centre.copy_(vectors.double().mean(0))
        self.fitted.fill_(True)

    def follow(self) -> None:
        """Let centre and spread follow the encoder in training."""
        self.fitted.fill_(False)

    def forward(self, vectors: Tensor, has_face: Tensor) -> Tensor:
        """Vectors (B, C) and which clips have a face (B,) to (B, C), in float32 under autocast as well."""
        with torch.autocast(vectors.device.type, enabled=False):
            vectors = vectors.float()
            fixed = (vectors - self.centre) * self.scale
            found = torch.where(self.fitted, fixed, self._followed(vectors, has_face))
            return found * self.weight * has_face[:, None]

    def _followed(self, vectors: Tensor, has_face: Tensor) -> Tensor:
        norm, faces = self.following, vectors[has_face]
        if norm.training and len(faces) < 2:  # a single clip has no spread
            return (vectors - norm.running_mean) / (norm.running_var + norm.eps).sqrt()
        return torch.zeros_like(vectors).masked_scatter(has_face[:, None], norm(faces))
