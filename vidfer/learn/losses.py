"""What is minimised, as plain functions of tensors."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def smooth_targets(labels: Tensor, n_classes: int, smoothing: float = 0.0) -> Tensor:
    """Labels (M,) to target distributions (M, C): ``1 - smoothing`` on the label, the rest over all C."""
    one_hot = F.one_hot(labels, n_classes).float()
    return one_hot * (1 - smoothing) + smoothing / n_classes


def noisy_student_loss(logits: Tensor, targets: Tensor, pseudo: Tensor) -> tuple[Tensor, Tensor]:
    """Mean cross-entropy of the labelled and of the pseudo-labelled clips of one concatenated batch.

    Their sum is the loss (Xie et al. 2020, arXiv 1911.04252, equation of algorithm 1): each part is a mean of
    its own, so that the number of pseudo-labelled clips does not change the weight of the labelled ones.

    Args:
        logits: (B, C).
        targets: (B, C) distributions, hard or soft.
        pseudo: (B,) bool, True where the target is a pseudo-label.

    Returns:
        The two means; a part without clips is 0 (and still a function of the logits).
    """
    # CE(p, q) = -sum_c p_c log q_c
    cross_entropy = -(targets * F.log_softmax(logits.float(), dim=1)).sum(1)
    return tuple((cross_entropy * part).sum() / part.sum().clamp(min=1) for part in (~pseudo, pseudo))


def relation_loss(scores: Tensor, query_labels: Tensor) -> Tensor:
    """Mean squared error of relation scores (Sung et al. 2018, equation 2); the target is 1 for the same
    class, else 0.

    Args:
        scores: (Q, R, N) of every query with every class, per region, in [0, 1].
        query_labels: (Q,) classes 0 ... N-1.
    """
    same_class = F.one_hot(query_labels, scores.shape[2]).float()  # (Q, N)
    return (scores - same_class[:, None]).square().mean()


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
