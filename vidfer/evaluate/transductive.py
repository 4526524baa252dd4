"""Transductive few-shot inference: the queries of an episode together refine its classes, without labels.

One step of soft k-means (Ren et al. 2018, arXiv 1803.00676, section 3.1.1), with the episode's own queries as
the unlabelled clips: each query j belongs to class c with the share z_jc that the head gives it, and joins
the class with that weight,

    p_c = (sum over shots x_i + sum over queries z_jc x_j) / (K + sum over queries z_jc).

Published for prototypes and the squared distance. Other heads take over the step as it fits them: what a head
compares a query with, means of vectors, of maps, or pairs of clips, becomes a mean over shots and queries.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from vidfer.errors import VidferError
from vidfer.models.csrn import CSRNHead
from vidfer.models.embedding import Embedding
from vidfer.models.prototype import PrototypeHead
from vidfer.models.relation import RelationHead
from vidfer.models.shots import class_means
from vidfer.models.similarity import SimilarityHead

HEADS = (PrototypeHead, SimilarityHead, RelationHead, CSRNHead)
"""Heads that this is built for; CSRN's in :mod:`vidfer.evaluate.episode_scores`, for all episodes at once."""

COSINE_SCALE = 10.0
"""Times the cosine before the softmax over classes, where the head has no scale of its own (Liu et al. 2020,
arXiv 1911.10713)."""


def check_transductive(head: nn.Module) -> None:
    """Raise a VidferError unless the queries of an episode can refine the classes of this head."""
    if not isinstance(head, HEADS):
        built = ", ".join(sorted(one.__name__ for one in HEADS))
        raise VidferError(
            f"{type(head).__name__} has no transductive inference; heads that have: {built}. Leave out "
            "--transductive, or add --head prototype"
        )


def transductive_scores(
    head: nn.Module, support: Embedding, support_labels: Tensor, query: Embedding
) -> Tensor:
    """Scores (Q, N) of an episode whose queries have refined its classes; of all heads but CSRN's.

    Args:
        head: in evaluation mode.
        support: of all classes, each with as many shots.
        support_labels: (S,) 0 .. N-1.
        query: all queries to judge together.
    """
    first = head(support, support_labels, query)
    if isinstance(head, RelationHead):
        maps, of_query = support.maps[:, head.compared], query.maps[:, head.compared]
        refined = refine_means(maps, support_labels, of_query, shares_of_scores(first))
        return head.relation(of_query, refined).mean(1)
    if isinstance(head, PrototypeHead) and head.distance == "euclidean":
        refined = refine_means(support.vector, support_labels, query.vector, first.softmax(-1))
        return -(query.vector[:, None] - refined).square().sum(-1)
    scale = head.log_scale.exp() if isinstance(head, SimilarityHead) else COSINE_SCALE
    shares = (first if isinstance(head, SimilarityHead) else scale * first).softmax(-1)
    of_query = F.normalize(query.vector, dim=-1)
    refined = refine_means(F.normalize(support.vector, dim=-1), support_labels, of_query, shares)
    if isinstance(head, SimilarityHead):
        return scale * (of_query @ refined.T).float()
    return of_query @ F.normalize(refined, dim=-1).T


def shares_of_scores(scores: Tensor) -> Tensor:
    """Relation scores (..., N), sums of numbers in (0, 1), as shares of their sum over the classes."""
    return scores / scores.sum(-1, keepdim=True)


def refine_means(support: Tensor, support_labels: Tensor, query: Tensor, shares: Tensor) -> Tensor:
    """Means of classes over their shots and, by their shares, the queries.

    Args:
        support: (S, ...), the same number of shots for every class.
        support_labels: (S,) 0 .. N-1.
        query: (Q, ...).
        shares: (Q, N), each row summing to one.

    Returns:
        (N, ...)
    """
    means = class_means(support, support_labels)
    shots = len(support) / len(means)
    joined = shots * means.flatten(1) + shares.T.to(query.dtype) @ query.flatten(1)
    return (joined / (shots + shares.sum(0)[:, None])).to(query.dtype).view_as(means)


def refine_pair_scores(of_shots: Tensor, shots: int, of_queries: Tensor, shares: Tensor) -> Tensor:
    """Mean scores of pairs of a query with a class, over its shots and, by their shares, the other queries.

    Args:
        of_shots: (A, N) mean over the shots of each class.
        shots: of each class.
        of_queries: (A, J) with each of J queries of the same episode.
        shares: (A, J, N) of these queries; zero where one does not count, as the query itself.

    Returns:
        (A, N)
    """
    joined = shots * of_shots + (of_queries[..., None] * shares).sum(1)
    return joined / (shots + shares.sum(1))
