"""CSRN's relation head (Kim et al., ICCE 2024; AAAI-24 student abstract): learned similarity of maps."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from vidfer.models.embedding import Embedding
from vidfer.models.relation_module import RelationModule
from vidfer.models.shots import class_means, shots_by_class

ROUNDING = 1e-5
"""Distances between spatial means that differ by less than this part of the means count as equal."""


@dataclass(frozen=True)
class Relations:
    """What CSRN computes from an episode; its loss takes the scores, each in (0, 1)."""

    pair_scores: Tensor
    """(Q, R, S) of every query with every support, per region."""
    prototype_scores: Tensor
    """(Q, N) of every query's face with every class's channel-selected face."""
    prototypes: Tensor
    """(N, 64, 14, 14) the channel-selected faces."""


def select_channels(maps: Tensor, support_labels: Tensor) -> Tensor:
    """CSRN's channel selection: each channel of a prototype comes from the shot nearest to the class mean.

    s* = argmin_s |g(DAP_c) - g(F_(s,c))|, prototype channel c is F_(s*,c); g is the spatial mean, DAP the
    mean over shots, so g(DAP) is the mean of g. Of equally near shots the one with the largest g is taken:
    two shots are always equally near, and neither rounding nor their order shall choose.

    Args:
        maps: (S, C, H, W) of the support; or (E, S, C, H, W) of as many episodes at once.
        support_labels: (S,) 0 .. N-1 in any order; or (E, S), every episode with the same N.

    Returns:
        (N, C, H, W), or (E, N, C, H, W).

    Raises:
        ValueError: if a class between 0 and the largest label has no shot, in any of the episodes.
    """
    if support_labels.ndim == 2:
        # Classes of different episodes are different classes, which all have their prototypes.
        ways = int(support_labels.max()) + 1
        if (support_labels.amax(1) + 1 < ways).any():
            raise ValueError(f"every episode must hold every class 0 .. N-1, and one has fewer than {ways}")
        first = ways * torch.arange(len(support_labels), device=support_labels.device)
        selected = select_channels(maps.flatten(0, 1), (support_labels + first[:, None]).flatten())
        return selected.unflatten(0, (-1, ways))
    positions, is_shot = shots_by_class(support_labels)
    means = maps.mean((-2, -1))[positions]  # g(F) by class and shot: (N, K, C)
    class_mean = (means * is_shot[..., None]).sum(1, keepdim=True) / is_shot.sum(1)[:, None, None]  # g(DAP)
    distance = (class_mean - means).abs().masked_fill(~is_shot[..., None], float("inf"))
    near = distance - distance.amin(1, keepdim=True) <= ROUNDING * class_mean.abs()
    nearest = means.masked_fill(~near, float("-inf")).argmax(1)  # (N, C)
    return maps[positions.gather(1, nearest), torch.arange(maps.shape[1], device=maps.device)]


class CSRNHead(nn.Module):
    """Scores of classes; one relation module serves face, eyes and mouth, as in the released checkpoints."""

    def __init__(self, prototype_weight: float = 0.7, pairing: str = "all") -> None:
        """``pairing``: ``all`` counts every class's prototype against every query, as the paper describes;
        ``published`` leaves the prototypes out of :meth:`forward`, where the released code adds the same
        constant to every class."""
        super().__init__()
        self.relation = RelationModule()
        self.prototype_weight = prototype_weight
        self.pairing = pairing

    def pair_scores(self, query_maps: Tensor, support_maps: Tensor) -> Tensor:
        """Maps (Q, R, 64, 14, 14) and (S, R, 64, 14, 14) to scores (Q, R, S).

        A pair's score does not depend on the episode: to evaluate many episodes over the same clips, compute
        all pairs once and pick from the table.
        """
        return self.relation(query_maps, support_maps)

    def prototype_scores(self, query_maps: Tensor, prototypes: Tensor) -> Tensor:
        """Maps (Q, R, 64, 14, 14) and channel-selected faces (N, 64, 14, 14) to scores (Q, N)."""
        return self.relation(query_maps[:, :1], prototypes[:, None]).squeeze(1)

    def class_scores(
        self, pair_scores: Tensor, prototype_scores: Tensor | None, support_labels: Tensor
    ) -> Tensor:
        """Scores of pairs (Q, R, S) and prototypes (Q, N) to scores of classes (Q, N).

        The published sum over a class's shots of (face + eyes + mouth + 0.7 prototype). With unequal shots a
        class's mean takes the place of its sum, times the average number of shots, so that more shots are no
        advantage. ``published`` pairing does not use ``prototype_scores``, and takes None.
        """
        of_pairs = pair_scores.sum(1)  # over regions: (Q, S)
        scores = class_means(of_pairs.T, support_labels).T  # (Q, N)
        if self.pairing == "all":
            scores = scores + self.prototype_weight * prototype_scores
        return scores * (len(support_labels) / scores.shape[1])

    def relations(self, support: Embedding, support_labels: Tensor, query: Embedding) -> Relations:
        """All scores of an episode; ``support_labels`` (S,) 0 .. N-1 in any order, any number of shots."""
        prototypes = select_channels(support.maps[:, 0], support_labels)
        return Relations(
            pair_scores=self.pair_scores(query.maps, support.maps),
            prototype_scores=self.prototype_scores(query.maps, prototypes),
            prototypes=prototypes,
        )

    def forward(self, support: Embedding, support_labels: Tensor, query: Embedding) -> Tensor:
        """Scores (Q, N), higher is more alike."""
        relations = self.relations(support, support_labels, query)
        return self.class_scores(relations.pair_scores, relations.prototype_scores, support_labels)
