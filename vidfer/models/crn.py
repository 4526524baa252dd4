"""CRN's head (Zhu et al., Expert Systems with Applications 189, 2022): relation to prototypes and shots."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from vidfer.models.embedding import Embedding
from vidfer.models.relation import COMPARED
from vidfer.models.relation_module import RelationModule
from vidfer.models.shots import class_means


@dataclass(frozen=True)
class CRNRelations:
    """What CRN computes from an episode; its loss takes all of it."""

    pair_scores: Tensor
    """(Q, R, S) of every query with every support, per compared region, each in (0, 1)."""
    prototype_scores: Tensor
    """(Q, R, N) of every query with every class's mean map (DAP)."""
    distributions: Tensor
    """(N, R, D) the mean maps as probabilities, each summing to one."""


class CRNHead(nn.Module):
    """Scores by relation with a class's mean map, times relation with its shots.

    Not published and chosen here: the relation module is the relation network's, padded and pooled so that it
    takes maps of any size, 4x4 of a Conv-4 with four poolings as well as 14x14; one module sees prototypes
    and shots; several regions are compared each with itself and averaged.
    """

    def __init__(self, head_regions: str = "all", js_weight: float = 0.1, js_form: str = "map") -> None:
        """For the arguments see :class:`vidfer.models.settings.ModelSettings`; the loss takes
        ``js_weight``."""
        super().__init__()
        self.relation = RelationModule(any_size=True)
        self.compared = COMPARED[head_regions]
        self.js_weight = js_weight
        self.js_form = js_form

    def distributions(self, prototypes: Tensor) -> Tensor:
        """Maps (N, R, C, H, W) to probabilities: (N, R, C H W), or (N, R, C) of the ``channels`` form."""
        values = prototypes.mean((-2, -1)) if self.js_form == "channels" else prototypes.flatten(2)
        return values.float().softmax(-1)

    def relations(self, support: Embedding, support_labels: Tensor, query: Embedding) -> CRNRelations:
        """All that an episode needs; ``support_labels`` (S,) 0 .. N-1 in any order, any number of shots."""
        shots = support.maps[:, self.compared]
        prototypes = class_means(shots, support_labels)
        scores = self.relation(query.maps[:, self.compared], torch.cat([shots, prototypes]))
        of_shots, of_prototypes = scores.split([len(shots), len(prototypes)], dim=-1)
        return CRNRelations(of_shots, of_prototypes, self.distributions(prototypes))

    def class_scores(self, relations: CRNRelations, support_labels: Tensor) -> Tensor:
        """Scores (Q, N): a class's prototype score times its shots' mean score, averaged over regions."""
        of_shots = class_means(relations.pair_scores.movedim(-1, 0), support_labels).movedim(0, -1)
        return (relations.prototype_scores * of_shots).mean(1)

    def forward(self, support: Embedding, support_labels: Tensor, query: Embedding) -> Tensor:
        """Scores (Q, N) in (0, 1), higher is more alike."""
        return self.class_scores(self.relations(support, support_labels, query), support_labels)
