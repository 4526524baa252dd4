"""Transductive few-shot inference: the queries of an episode together refine its classes, without labels.

One step of soft k-means (Ren et al. 2018, arXiv 1803.00676, section 3.1.1). The unlabelled clips are the
episode's own queries. Query j belongs to class c with the share z_jc that the head gives it, and joins the
class with that weight:

    p_c = (sum over shots x_i + sum over queries z_jc x_j) / (K + sum over queries z_jc).

The paper does this for prototypes and the squared distance. Each other head takes the mean of what it
compares a query with: means of vectors, of maps, or of the scores of pairs.
"""

from __future__ import annotations

from torch import Tensor

from vidfer.models.heads.shots import class_means


def shares_of_scores(scores: Tensor) -> Tensor:
    """Relation scores (..., N), sums of numbers in (0, 1), as shares of their sum over the classes."""
    return scores / scores.sum(-1, keepdim=True)


def refine_means(support: Tensor, support_labels: Tensor, query: Tensor, shares: Tensor) -> Tensor:
    """Means of classes over their shots and, weighted by their shares, the queries.

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
