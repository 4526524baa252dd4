"""Matching networks (Vinyals et al. 2016, arXiv 1606.04080): attention over the support."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vidfer.models.cosine import cosines
from vidfer.models.embedding import Embedding
from vidfer.models.shots import shots_by_class


class MatchingHead(nn.Module):
    """Scores by how much of a query's attention each class draws, without full context embeddings.

    P(y | q) = sum_i a(q, x_i) y_i, a = softmax over the support of the cosine of ``vector`` (Vinyals et al.
    2016, equation 1 and section 2.1.1). A class's shots count with their mean where the paper adds them up:
    the same while all classes have as many, and no advantage for a class with more.
    """

    compares_maps = False

    def __init__(self, cosine_scale: float = 1.0) -> None:
        """``cosine_scale`` multiplies the cosine before the softmax; published: 1."""
        super().__init__()
        self.cosine_scale = cosine_scale

    def forward(self, support: Embedding, support_labels: Tensor, query: Embedding) -> Tensor:
        """Log-probabilities (Q, N); ``support_labels`` (S,) 0 .. N-1 in any order, any number of shots."""
        positions, is_shot = shots_by_class(support_labels)
        cosine = cosines(query.vector, F.normalize(support.vector, dim=-1))  # (Q, S)
        of_shots = (self.cosine_scale * cosine)[:, positions].masked_fill(~is_shot, float("-inf"))
        # log of the mean of exp over a class's shots; softmax over the support is softmax over these.
        of_classes = of_shots.logsumexp(-1) - is_shot.sum(1).log()
        return torch.log_softmax(of_classes, dim=-1)
