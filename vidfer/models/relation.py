"""The relation network (Sung et al. 2018, arXiv 1711.06025): a learned similarity of maps and class means."""

from __future__ import annotations

from torch import Tensor, nn

from vidfer.models.embedding import Embedding
from vidfer.models.relation_module import RelationModule
from vidfer.models.shots import class_means

COMPARED = {"all": slice(None), "face": slice(0, 1)}
"""Regions of ``maps`` that a head looks at."""


class RelationHead(nn.Module):
    """Scores by a relation module that sees a class's mean map and a query's map (Sung et al., equation 1).

    The paper adds the maps of a class's shots up; here is their mean, the same to a network that learns with
    as many shots, and no other input with more of them.
    """

    def __init__(self, head_regions: str = "all") -> None:
        """``head_regions``: ``face`` alone, as in a network of one image; or ``all``, each region compared
        with itself by the same module, and averaged."""
        super().__init__()
        self.relation = RelationModule()
        self.compared = COMPARED[head_regions]

    def relations(self, support: Embedding, support_labels: Tensor, query: Embedding) -> Tensor:
        """Scores (Q, R, N) in (0, 1) of every compared region; ``support_labels`` (S,) 0 .. N-1."""
        prototypes = class_means(support.maps[:, self.compared], support_labels)
        return self.relation(query.maps[:, self.compared], prototypes)

    def forward(self, support: Embedding, support_labels: Tensor, query: Embedding) -> Tensor:
        """Scores (Q, N) in (0, 1), higher is more alike."""
        return self.relations(support, support_labels, query).mean(1)
