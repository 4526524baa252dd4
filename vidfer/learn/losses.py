"""What is minimised, as plain functions of tensors."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def smooth_targets(labels: Tensor, n_classes: int, smoothing: float = 0.0) -> Tensor:
    """Labels (M,) to target distributions (M, C): ``1 - smoothing`` on the label, the rest over all C."""
    one_hot = F.one_hot(labels, n_classes).float()
    return one_hot * (1 - smoothing) + smoothing / n_classes


def noisy_student_loss(
    logits: Tensor, targets: Tensor, pseudo: Tensor, weights: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Mean cross-entropy of the labelled and of the pseudo-labelled clips of one concatenated batch.

    Their sum is the loss (Xie et al. 2020, arXiv 1911.04252, equation of algorithm 1): each part is a mean of
    its own, so that the number of pseudo-labelled clips does not change the weight of the labelled ones.

    Args:
        logits: (B, C).
        targets: (B, C) distributions, hard or soft.
        pseudo: (B,) bool, True where the target is a pseudo-label.
        weights: (B,) what each clip's cross-entropy is multiplied by; the means are still over the number of
            clips, so that a clip counts alike in every batch.

    Returns:
        The two means; a part without clips is 0 (and still a function of the logits).
    """
    # CE(p, q) = -sum_c p_c log q_c
    cross_entropy = -(targets * F.log_softmax(logits.float(), dim=1)).sum(1)
    if weights is not None:
        cross_entropy = cross_entropy * weights
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


def distillation_loss(scores: Tensor, guide_scores: Tensor, temperature: float) -> Tensor:
    """How far a learner's posterior is from its guide's (Hinton et al. 2015, arXiv 1503.02531, section 2).

    L = T^2 mean_q KL(softmax(guide / T) || softmax(scores / T)); T^2 keeps the gradient's size when T is
    changed.

    Args:
        scores: (Q, N) logits of the one that learns.
        guide_scores: (Q, N) logits of the guide over the same classes; nothing flows back into them.
        temperature: T, above 0; higher ones also compare classes that are unlikely for both.
    """
    log_p = F.log_softmax(guide_scores.detach().float() / temperature, dim=1)
    log_q = F.log_softmax(scores.float() / temperature, dim=1)
    return temperature**2 * F.kl_div(log_q, log_p, reduction="batchmean", log_target=True)
