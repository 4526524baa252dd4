"""The relation network (Sung et al. 2018, arXiv 1711.06025): a learned similarity of maps and class means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from torch import Tensor
from torch.nn import functional as F

from vidfer.models.embedding import Embedding
from vidfer.models.heads.base import Head
from vidfer.models.heads.compared_regions import COMPARED, check_compared
from vidfer.models.heads.refine import refine_means, shares_of_scores
from vidfer.models.heads.relation_module import RelationModule
from vidfer.models.heads.shots import class_means
from vidfer.models.settings import HeadSettings
from vidfer.rare import Rare


@dataclass(frozen=True, kw_only=True)
class RelationSettings(HeadSettings):
    """Options of the relation head."""

    name = "relation"

    regions: Rare[Literal["all", "face"]] = "all"
    """Regions to compare: all that the encoder sees, taking their average, or the face alone. The paper's
    network sees one image: --encoder.regions face."""

    def check_regions(self, seen: Sequence[str]) -> None:
        check_compared(self.regions, seen)


class RelationHead(Head):
    """Scores by a relation module that sees a class's mean map and a query's map (Sung et al., equation 1).

    The paper adds up the maps of a class's shots; here it is their mean. To a network that learns with as
    many shots both are the same, and with more shots the input of the mean stays of the same size.
    """

    Settings = RelationSettings
    compares_maps = True
    transductive = True

    def __init__(self, regions: str = "all") -> None:
        """``regions``: ``face`` alone, as in a network of one image; or ``all``, each region compared with
        itself by the same module, and averaged."""
        super().__init__()
        self.relation = RelationModule()
        self.compared = COMPARED[regions]

    def relations(self, support: Embedding, support_labels: Tensor, query: Embedding) -> Tensor:
        """Scores (Q, R, N) in (0, 1) of every compared region."""
        prototypes = class_means(support.maps[:, self.compared], support_labels)
        return self.relation(query.maps[:, self.compared], prototypes)

    def forward(self, support: Embedding, support_labels: Tensor, query: Embedding) -> Tensor:
        """Scores (Q, N) in (0, 1); a higher score means more alike."""
        return self.relations(support, support_labels, query).mean(1)

    def loss(
        self, support: Embedding, support_labels: Tensor, query: Embedding, query_labels: Tensor
    ) -> tuple[Tensor, Tensor]:
        """:func:`relation_loss` of an episode, and its scores (Q, N)."""
        scores = self.relations(support, support_labels, query)
        return relation_loss(scores, query_labels), scores.mean(1)

    def transductive_scores(self, support: Embedding, support_labels: Tensor, query: Embedding) -> Tensor:
        """Scores (Q, N) with mean maps over the shots and, by their shares, the queries."""
        shares = shares_of_scores(self(support, support_labels, query))
        maps, query_maps = support.maps[:, self.compared], query.maps[:, self.compared]
        refined = refine_means(maps, support_labels, query_maps, shares)
        return self.relation(query_maps, refined).mean(1)


def relation_loss(scores: Tensor, query_labels: Tensor) -> Tensor:
    """Mean squared error of relation scores (Sung et al. 2018, equation 2); the target is 1 for the same
    class, else 0.

    Args:
        scores: (Q, R, N) of every query with every class, per region, in [0, 1].
        query_labels: (Q,) classes 0 ... N-1.
    """
    same_class = F.one_hot(query_labels, scores.shape[2]).float()  # (Q, N)
    return (scores - same_class[:, None]).square().mean()
