"""Prototypical networks (Snell et al. 2017, arXiv 1703.05175): the nearest class mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch.nn.functional as F
from torch import Tensor

from vidfer.errors import SettingError
from vidfer.models.embedding import Embedding
from vidfer.models.heads.base import Head
from vidfer.models.heads.cosine import cosines
from vidfer.models.heads.refine import refine_means
from vidfer.models.heads.shots import class_means
from vidfer.models.settings import HeadSettings

COSINE_SCALE = 10.0
"""In transductive inference the cosine is multiplied by it before the softmax over classes (Liu et al. 2020,
arXiv 1911.10713)."""


@dataclass(frozen=True, kw_only=True)
class PrototypeSettings(HeadSettings):
    """Options of the prototype head."""

    name = "prototype"

    distance: Literal["euclidean", "cosine"] = "euclidean"
    """How a query is compared with a class mean."""

    def __post_init__(self) -> None:
        if self.distance not in ("euclidean", "cosine"):
            raise SettingError(f"--head.distance {self.distance}: choose euclidean or cosine")


class PrototypeHead(Head):
    """Scores by the distance of ``vector`` to each class's mean (Snell et al. 2017, equations 1 and 2).

    It has no parameters.
    """

    Settings = PrototypeSettings
    compares_maps = False
    gives_logits = True
    transductive = True

    def __init__(self, distance: str = "euclidean") -> None:
        """``euclidean``: minus the squared distance. ``cosine``: the cosine with the mean of unit vectors."""
        super().__init__()
        self.distance = distance

    def forward(self, support: Embedding, support_labels: Tensor, query: Embedding) -> Tensor:
        """Scores (Q, N); a higher score means more alike."""
        if self.distance == "cosine":
            prototypes = class_means(F.normalize(support.vector, dim=-1), support_labels)
            return cosines(query.vector, F.normalize(prototypes, dim=-1))
        prototypes = class_means(support.vector, support_labels)
        return -(query.vector[:, None] - prototypes).square().sum(-1)

    def transductive_scores(self, support: Embedding, support_labels: Tensor, query: Embedding) -> Tensor:
        """Scores (Q, N) with class means over the shots and, by their shares, the queries."""
        first = self(support, support_labels, query)
        if self.distance == "cosine":
            queries = F.normalize(query.vector, dim=-1)
            shares = (COSINE_SCALE * first).softmax(-1)
            refined = refine_means(F.normalize(support.vector, dim=-1), support_labels, queries, shares)
            return queries @ F.normalize(refined, dim=-1).T
        refined = refine_means(support.vector, support_labels, query.vector, first.softmax(-1))
        return -(query.vector[:, None] - refined).square().sum(-1)
