"""CRN's head (Zhu et al., Expert Systems with Applications 189, 2022): relation to prototypes and shots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from vidfer.errors import SettingError
from vidfer.models.embedding import Embedding
from vidfer.models.heads.base import Head
from vidfer.models.heads.compared_regions import COMPARED, check_compared
from vidfer.models.heads.relation import relation_loss
from vidfer.models.heads.relation_module import RelationModule
from vidfer.models.heads.shots import class_means
from vidfer.models.settings import HeadSettings
from vidfer.rare import Rare


@dataclass(frozen=True, kw_only=True)
class CRNSettings(HeadSettings):
    """Options of the crn head."""

    name = "crn"

    regions: Rare[Literal["all", "face"]] = "all"
    """Regions to compare: all that the encoder sees, taking their average, or the face alone. The paper's
    network sees one image: --encoder.regions face."""

    js_weight: Rare[float] = 0.1
    """Weight of the divergence between class prototypes in the loss (lambda). It is not published; with 1 the
    scores of few classes did not leave chance."""

    js_form: Rare[Literal["map", "channels"]] = "map"
    """How a prototype becomes a distribution, which is not published: softmax over all numbers of its map,
    the natural reading, or over the spatial means of its channels, which does not see where."""

    def __post_init__(self) -> None:
        if not self.js_weight >= 0:
            raise SettingError(f"--head.js-weight {self.js_weight}: give 0 (off) or more")
        if self.js_form not in ("map", "channels"):
            raise SettingError(f"--head.js-form {self.js_form}: choose map or channels")

    def check_regions(self, seen: Sequence[str]) -> None:
        check_compared(self.regions, seen)


@dataclass(frozen=True)
class CRNRelations:
    """What CRN computes from an episode; its loss takes all of it."""

    pair_scores: Tensor
    """(Q, R, S) of every query with every support, per compared region, each in (0, 1)."""
    prototype_scores: Tensor
    """(Q, R, N) of every query with every class's mean map (DAP)."""
    distributions: Tensor
    """(N, R, D) the mean maps as probabilities, each summing to one."""


class CRNHead(Head):
    """Scores by relation with a class's mean map, times relation with its shots.

    Not published and chosen here: the relation module is the relation network's, padded and pooled so that it
    takes maps of any size, 4x4 of a Conv-4 with four poolings as well as 14x14; one module sees prototypes
    and shots; several regions are compared each with itself and averaged.
    """

    Settings = CRNSettings
    compares_maps = True

    def __init__(self, regions: str = "all", js_weight: float = 0.1, js_form: str = "map") -> None:
        """For the arguments see :class:`CRNSettings`."""
        super().__init__()
        self.relation = RelationModule(any_size=True)
        self.compared = COMPARED[regions]
        self.js_weight = js_weight
        self.js_form = js_form

    def distributions(self, prototypes: Tensor) -> Tensor:
        """Maps (N, R, C, H, W) to probabilities: (N, R, C H W), or (N, R, C) of the ``channels`` form."""
        values = prototypes.mean((-2, -1)) if self.js_form == "channels" else prototypes.flatten(2)
        return values.float().softmax(-1)

    def relations(self, support: Embedding, support_labels: Tensor, query: Embedding) -> CRNRelations:
        """All that an episode needs."""
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
        """Scores (Q, N) in (0, 1); a higher score means more alike."""
        return self.class_scores(self.relations(support, support_labels, query), support_labels)

    def loss(
        self, support: Embedding, support_labels: Tensor, query: Embedding, query_labels: Tensor
    ) -> tuple[Tensor, Tensor]:
        """:func:`crn_loss` of an episode, and its scores (Q, N)."""
        relations = self.relations(support, support_labels, query)
        loss = crn_loss(
            relations.pair_scores,
            relations.prototype_scores,
            relations.distributions,
            support_labels,
            query_labels,
            js_weight=self.js_weight,
        )
        return loss, self.class_scores(relations, support_labels)


def js_divergence(p: Tensor, q: Tensor) -> Tensor:
    """Jensen-Shannon divergence of distributions over the last axis, in [0, 1]: 0 if equal, 1 if disjoint.

    D(p, q) = (KL(p || m) + KL(q || m)) / 2, m = (p + q) / 2, with base-2 logarithms (Lin 1991).
    """
    middle, tiny = (p + q) / 2, torch.finfo(p.dtype).tiny
    # 0 log 0 = 0, with a finite gradient: the floor only acts on zeros.
    log_m = middle.clamp_min(tiny).log2()
    kl_p, kl_q = ((x * (x.clamp_min(tiny).log2() - log_m)).sum(-1) for x in (p, q))
    return ((kl_p + kl_q) / 2).clamp(0, 1)  # rounding


def divergence_loss(distributions: Tensor) -> Tensor:
    """CRN's L_dist (Zhu et al. 2022): smallest where different classes are disjoint.

    L_dist = 1 - (1/N^2) sum_ij [y_ij - D_JS(P_i, P_j)]^2, y_ij = 1 for the same class, else 0.

    Args:
        distributions: (N, R, D) of each class, per region, each summing to one; the mean is over regions.
    """
    divergence = js_divergence(distributions[:, None], distributions[None])  # (N, N, R)
    same = torch.eye(len(distributions), device=distributions.device)[..., None]
    return 1 - (same - divergence).square().mean()


def crn_loss(
    pair_scores: Tensor,
    prototype_scores: Tensor,
    distributions: Tensor,
    support_labels: Tensor,
    query_labels: Tensor,
    *,
    js_weight: float = 0.1,
) -> Tensor:
    """Loss of one CRN episode (Zhu et al. 2022): L_r + lambda L_dist.

    L_r = (1/N^2) sum_ij [y_ij - r_ij]^2, for the prototypes and, shot by shot and averaged, for the plain
    pairs: how the paper's scores of pairs are trained is our reading of its mean over K.

    Args:
        pair_scores: (Q, R, N*K) relation of every query with every support clip, in [0, 1].
        prototype_scores: (Q, R, N) relation of every query with every class prototype, in [0, 1].
        distributions: (N, R, D) of the prototypes.
        support_labels: (N*K,) classes 0 ... N-1.
        query_labels: (Q,) classes 0 ... N-1.
        js_weight: lambda.
    """
    same_pair = (query_labels[:, None] == support_labels[None]).float()  # (Q, N*K)
    of_pairs = (pair_scores - same_pair[:, None]).square().mean()
    return (
        relation_loss(prototype_scores, query_labels) + of_pairs + js_weight * divergence_loss(distributions)
    )
