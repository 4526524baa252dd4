"""How much a clip of each class counts, where some classes have few."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from vidfer.learn.settings import TrainSettings


def class_weights(
    labels: Sequence[int] | np.ndarray, n_classes: int, settings: TrainSettings
) -> Tensor | None:
    """Weights (C,) whose mean over the given clips is 1, so that the learning rate keeps its meaning; None
    where all clips count alike.

    ``balanced``: w_c = 1 / n_c. ``effective``: w_c = (1 - beta) / (1 - beta^n_c), one over the effective
    number of clips (Cui et al. 2019, arXiv 1901.05555, proposition 1 and section 4). A class without clips
    has weight 0.

    Args:
        labels: (M,) class numbers of the clips to train on.
        n_classes: C.
        settings: which of them, and beta.
    """
    if settings.class_weights == "none":
        return None
    counts = np.bincount(np.asarray(labels), minlength=n_classes).astype(np.float64)
    effective = counts
    if settings.class_weights == "effective":
        beta = settings.effective_beta
        effective = (1 - beta**counts) / (1 - beta)
    weights = np.divide(1.0, effective, out=np.zeros(n_classes), where=counts > 0)
    return torch.from_numpy(weights * counts.sum() / (weights * counts).sum()).float()
