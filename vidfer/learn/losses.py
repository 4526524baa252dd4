"""Losses, as plain functions of tensors."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F


def smooth_targets(labels: Tensor, n_classes: int, smoothing: float = 0.0) -> Tensor:
    """Labels (M,) as target distributions (M, C): ``1 - smoothing`` on the label, the rest over all C."""
    one_hot = F.one_hot(labels, n_classes).float()
    return one_hot * (1 - smoothing) + smoothing / n_classes


def noisy_student_loss(logits: Tensor, targets: Tensor, pseudo: Tensor) -> tuple[Tensor, Tensor]:
    """Mean cross-entropy of the labelled and of the pseudo-labelled clips of one concatenated batch.

    The loss is their sum (Xie et al. 2020, arXiv 1911.04252, equation of algorithm 1). Each part is a mean of
    its own, so the number of pseudo-labelled clips does not change the weight of the labelled clips.

    Args:
        logits: (B, C).
        targets: (B, C) distributions, hard or soft, each times the weight of its clip. The means still divide
            by the number of clips, so a clip counts the same in every batch.
        pseudo: (B,) bool, True where the target is a pseudo-label.

    Returns:
        The two means; the mean of a part without clips is 0, and still a function of the logits.
    """
    # CE(p, q) = -sum_c p_c log q_c
    cross_entropy = -(targets * F.log_softmax(logits.float(), dim=1)).sum(1)
    return tuple((cross_entropy * part).sum() / part.sum().clamp(min=1) for part in (~pseudo, pseudo))


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
