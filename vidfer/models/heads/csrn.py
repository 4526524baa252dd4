"""CSRN's relation head (Kim et al., ICCE 2024; AAAI-24 student abstract): learned similarity of maps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from vidfer.errors import SettingError
from vidfer.models.embedding import Embedding
from vidfer.models.heads.base import Head
from vidfer.models.heads.csrn_scorer import CSRNScorer
from vidfer.models.heads.relation_module import RelationModule
from vidfer.models.heads.select_channels import select_channels
from vidfer.models.heads.shots import class_means
from vidfer.models.settings import HeadSettings
from vidfer.rare import Rare


@dataclass(frozen=True, kw_only=True)
class CSRNSettings(HeadSettings):
    """Options of the csrn head."""

    name = "csrn"

    prototype_weight: Rare[float] = 0.7
    """Weight of the channel-selected face prototype beside the pairs, in the score and in the loss."""

    pairing: Rare[Literal["all", "published"]] = "all"
    """all scores every query against every class's prototype (the paper). published leaves the prototype out
    of the class score, which is what the test of the released code amounts to."""

    def __post_init__(self) -> None:
        if not self.prototype_weight >= 0:
            raise SettingError(f"--head.prototype-weight {self.prototype_weight}: give 0 (off) or more")
        if self.pairing not in ("all", "published"):
            raise SettingError(f"--head.pairing {self.pairing}: choose all or published")


@dataclass(frozen=True)
class Relations:
    """What CSRN computes from an episode; its loss takes the scores, each in (0, 1)."""

    pair_scores: Tensor
    """(Q, R, S) of every query with every support, per region."""
    prototype_scores: Tensor
    """(Q, N) of every query's face with every class's channel-selected face."""
    prototypes: Tensor
    """(N, 64, 14, 14) the channel-selected faces."""


class CSRNHead(Head):
    """Scores of classes; one relation module serves face, eyes and mouth, as in the released checkpoints."""

    Settings = CSRNSettings
    compares_maps = True
    transductive = True

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
        """All scores of an episode."""
        prototypes = select_channels(support.maps[:, 0], support_labels)
        return Relations(
            pair_scores=self.pair_scores(query.maps, support.maps),
            prototype_scores=self.prototype_scores(query.maps, prototypes),
            prototypes=prototypes,
        )

    def forward(self, support: Embedding, support_labels: Tensor, query: Embedding) -> Tensor:
        """Scores (Q, N); a higher score means more alike."""
        relations = self.relations(support, support_labels, query)
        return self.class_scores(relations.pair_scores, relations.prototype_scores, support_labels)

    def loss(
        self, support: Embedding, support_labels: Tensor, query: Embedding, query_labels: Tensor
    ) -> tuple[Tensor, Tensor]:
        """:func:`csrn_loss` of an episode, and its scores (Q, N)."""
        relations = self.relations(support, support_labels, query)
        pairs, prototypes = relations.pair_scores, relations.prototype_scores
        weight = self.prototype_weight
        loss = csrn_loss(pairs, prototypes, support_labels, query_labels, prototype_weight=weight)
        return loss, self.class_scores(pairs, prototypes, support_labels)

    def scorer(self, embedding: Embedding, *, transductive: bool = False) -> CSRNScorer:
        """Scores many episodes over the same clips and compares each pair of clips once."""
        return CSRNScorer(self, embedding, transductive=transductive)


def csrn_loss(
    pair_scores: Tensor,
    prototype_scores: Tensor,
    support_labels: Tensor,
    query_labels: Tensor,
    *,
    prototype_weight: float = 0.7,
) -> Tensor:
    """Loss of one CSRN episode (Kim et al., ICCE 2024).

    L = MSE(face pairs) + MSE(eyes) + MSE(mouth) + 0.7 MSE(face prototypes); the target is 1 for the same
    class, else 0.

    Args:
        pair_scores: (Q, R, N*K) relation of every query with every support clip, in [0, 1].
        prototype_scores: (Q, N) relation of every query with every class prototype, in [0, 1].
        support_labels: (N*K,) classes 0 ... N-1.
        query_labels: (Q,) classes 0 ... N-1.
        prototype_weight: weight of the last term.
    """
    same_pair = (query_labels[:, None] == support_labels[None]).float()  # (Q, N*K)
    ways = torch.arange(prototype_scores.shape[1], device=query_labels.device)
    same_class = (query_labels[:, None] == ways[None]).float()  # (Q, N)
    # A mean per region, added up.
    pair_loss = (pair_scores - same_pair[:, None]).square().mean(dim=(0, 2)).sum()
    return pair_loss + prototype_weight * (prototype_scores - same_class).square().mean()
