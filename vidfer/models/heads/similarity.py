"""Cosine similarity with a learned scale: the similarity branch of EGS-Net (Zou et al., AAAI 2022)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vidfer.errors import SettingError
from vidfer.models.embedding import Embedding
from vidfer.models.heads.base import Head
from vidfer.models.heads.cosine import cosines
from vidfer.models.heads.refine import refine_means
from vidfer.models.heads.shots import class_means
from vidfer.models.settings import HeadSettings


@dataclass(frozen=True, kw_only=True)
class SimilaritySettings(HeadSettings):
    """Options of the similarity head."""

    name = "similarity"

    cosine_scale: float = 10.0
    """Start value of the learned factor of the cosine, which is not published."""

    def __post_init__(self) -> None:
        if not self.cosine_scale > 0:
            raise SettingError(f"--head.cosine-scale {self.cosine_scale}: give more than 0")


class SimilarityHead(Head):
    """Scores by the cosine of ``vector`` with the support clips, averaged over a class's shots.

    score(q, n) = s / K sum_k cos(q, x_nk). The paper compares query and support features by their cosine. It
    does not publish the factor s, without which a softmax over cosines is never sure, nor how several shots
    are joined. Here s is learned, as its logarithm, so that it stays positive. The branch has no layers of
    its own: a projection is not published either.
    """

    Settings = SimilaritySettings
    compares_maps = False
    gives_logits = True
    transductive = True

    def __init__(self, cosine_scale: float = 10.0) -> None:
        """``cosine_scale``: where s starts."""
        super().__init__()
        self.log_scale = nn.Parameter(torch.tensor(math.log(cosine_scale)))

    def forward(self, support: Embedding, support_labels: Tensor, query: Embedding) -> Tensor:
        """Scores (Q, N), logits of the episode's classes."""
        # The mean of the cosines is the product with the mean of the unit vectors.
        directions = class_means(F.normalize(support.vector, dim=-1), support_labels)
        return self.log_scale.exp() * cosines(query.vector, directions)

    def transductive_scores(self, support: Embedding, support_labels: Tensor, query: Embedding) -> Tensor:
        """Scores (Q, N) with mean directions over the shots and, by their shares, the queries."""
        shares = self(support, support_labels, query).softmax(-1)
        queries = F.normalize(query.vector, dim=-1)
        refined = refine_means(F.normalize(support.vector, dim=-1), support_labels, queries, shares)
        return self.log_scale.exp() * (queries @ refined.T).float()
