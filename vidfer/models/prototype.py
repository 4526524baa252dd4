"""Nearest class mean, the head without parameters."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from vidfer.models.cosine import cosines
from vidfer.models.embedding import Embedding
from vidfer.models.shots import class_means


class PrototypeHead(nn.Module):
    """Scores by the distance of ``vector`` to each class's mean (Snell et al. 2017, equations 1 and 2)."""

    compares_maps = False

    def __init__(self, distance: str = "euclidean") -> None:
        """``euclidean``: minus the squared distance. ``cosine``: the cosine with the mean of unit vectors."""
        super().__init__()
        self.distance = distance

    def forward(self, support: Embedding, support_labels: Tensor, query: Embedding) -> Tensor:
        """Scores (Q, N), higher is more alike; ``support_labels`` (S,) 0 .. N-1 in any order, any shots."""
        if self.distance == "cosine":
            prototypes = class_means(F.normalize(support.vector, dim=-1), support_labels)
            return cosines(query.vector, F.normalize(prototypes, dim=-1))
        prototypes = class_means(support.vector, support_labels)
        return -(query.vector[:, None] - prototypes).square().sum(-1)
