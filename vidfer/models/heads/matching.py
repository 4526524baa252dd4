"""Matching networks (Vinyals et al. 2016, arXiv 1606.04080): attention over the support."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from vidfer.errors import SettingError
from vidfer.models.embedding import Embedding
from vidfer.models.heads.base import Head
from vidfer.models.heads.cosine import cosines
from vidfer.models.heads.shots import shots_by_class
from vidfer.models.settings import HeadSettings


@dataclass(frozen=True, kw_only=True)
class MatchingSettings(HeadSettings):
    """Options of the matching head."""

    name = "matching"

    cosine_scale: float = 1.0
    """Factor of the cosine in the softmax. The paper has 1; 10 makes surer choices."""

    def __post_init__(self) -> None:
        if not self.cosine_scale > 0:
            raise SettingError(f"--head.cosine-scale {self.cosine_scale}: give more than 0")


class MatchingHead(Head):
    """Scores by the share of a query's attention that each class draws, without full context embeddings.

    P(y | q) = sum_i a(q, x_i) y_i, where a is the softmax over the support of the cosine of ``vector``
    (Vinyals et al. 2016, equation 1 and section 2.1.1). The paper adds up the attention of a class's shots;
    here it is their mean. Both are the same as long as all classes have as many shots, and with the mean a
    class with more shots has no advantage. The head has no parameters.
    """

    Settings = MatchingSettings
    compares_maps = False
    gives_logits = True

    def __init__(self, cosine_scale: float = 1.0) -> None:
        """``cosine_scale`` multiplies the cosine before the softmax; published: 1."""
        super().__init__()
        self.cosine_scale = cosine_scale

    def forward(self, support: Embedding, support_labels: Tensor, query: Embedding) -> Tensor:
        """Log-probabilities (Q, N)."""
        positions, is_shot = shots_by_class(support_labels)
        cosine = cosines(query.vector, F.normalize(support.vector, dim=-1))  # (Q, S)
        of_shots = (self.cosine_scale * cosine)[:, positions].masked_fill(~is_shot, float("-inf"))
        # log of the mean of exp over a class's shots; softmax over the support is softmax over these.
        of_classes = of_shots.logsumexp(-1) - is_shot.sum(1).log()
        return torch.log_softmax(of_classes, dim=-1)
