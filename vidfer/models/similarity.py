"""Learned-scale cosine similarity: the similarity branch of EGS-Net (Zou et al., AAAI 2022)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vidfer.models.cosine import cosines
from vidfer.models.embedding import Embedding
from vidfer.models.shots import class_means


class SimilarityHead(nn.Module):
    """Scores by the cosine of ``vector`` with the support clips, averaged over a class's shots.

    score(q, n) = s / K sum_k cos(q, x_nk). The paper compares support and query features by their cosine; it
    does not publish the factor s, without which a softmax over cosines cannot be sure of anything, nor what
    becomes of several shots. Here s is learned, as its logarithm so that it stays positive. The branch has
    no layers of its own: a projection is not published either.
    """

    compares_maps = False

    def __init__(self, cosine_scale: float = 10.0) -> None:
        """``cosine_scale``: where s starts."""
        super().__init__()
        self.log_scale = nn.Parameter(torch.tensor(math.log(cosine_scale)))

    def forward(self, support: Embedding, support_labels: Tensor, query: Embedding) -> Tensor:
        """Scores (Q, N), logits of the episode's classes; ``support_labels`` (S,) 0 .. N-1 in any order, any
        shots."""
        # The mean of the cosines is the product with the mean of the unit vectors.
        directions = class_means(F.normalize(support.vector, dim=-1), support_labels)
        return self.log_scale.exp() * cosines(query.vector, directions)
