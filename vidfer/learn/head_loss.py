"""What each few-shot head learns from an episode."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from vidfer.learn.losses import crn_loss, csrn_loss, relation_loss
from vidfer.models.crn import CRNHead
from vidfer.models.csrn import CSRNHead
from vidfer.models.embedding import Embedding
from vidfer.models.relation import RelationHead


def head_loss(
    head: nn.Module, support: Embedding, support_labels: Tensor, query: Embedding, query_labels: Tensor
) -> tuple[Tensor, Tensor]:
    """Loss of an episode, and the scores (Q, N) that ``head(support, support_labels, query)`` gives.

    CSRN, CRN and the relation network compare their relation scores with 0 and 1. Prototypical (Snell et al.
    2017, equation 2) and matching networks (Vinyals et al. 2016, section 2.2) take the cross-entropy; any
    other head is taken to be of their kind.
    """
    if isinstance(head, CSRNHead):
        relations = head.relations(support, support_labels, query)
        pairs, prototypes = relations.pair_scores, relations.prototype_scores
        weight = head.prototype_weight
        loss = csrn_loss(pairs, prototypes, support_labels, query_labels, prototype_weight=weight)
        return loss, head.class_scores(pairs, prototypes, support_labels)
    if isinstance(head, CRNHead):
        relations = head.relations(support, support_labels, query)
        pairs, prototypes = relations.pair_scores, relations.prototype_scores
        loss = crn_loss(
            pairs,
            prototypes,
            relations.distributions,
            support_labels,
            query_labels,
            js_weight=head.js_weight,
        )
        return loss, head.class_scores(relations, support_labels)
    if isinstance(head, RelationHead):
        scores = head.relations(support, support_labels, query)
        return relation_loss(scores, query_labels), scores.mean(1)
    scores = head(support, support_labels, query)
    return F.cross_entropy(scores, query_labels), scores
