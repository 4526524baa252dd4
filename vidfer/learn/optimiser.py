"""Optimiser and schedule from their settings."""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR

from vidfer.learn.settings import OptimiserSettings


def build_optimiser(model: nn.Module, settings: OptimiserSettings, steps: int) -> tuple[Optimizer, LambdaLR]:
    """An optimiser over the trainable parameters of a model, and a schedule to step after every batch.

    Args:
        model: parameters without ``requires_grad`` are left out.
        settings: kind, learning rate, decay, warm-up.
        steps: number of steps in the whole run.
    """
    trainable = [p for p in model.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in trainable if p.ndim > 1], "weight_decay": settings.weight_decay},
        # A bias or a normalisation scale pulled to zero only loses capacity, it does not smooth the function.
        {"params": [p for p in trainable if p.ndim <= 1], "weight_decay": 0.0},
    ]
    if settings.name == "sgd":
        optimiser = torch.optim.SGD(groups, lr=settings.lr, momentum=0.9, nesterov=True)
    else:
        optimiser = {"adamw": torch.optim.AdamW, "adam": torch.optim.Adam}[settings.name](
            groups, lr=settings.lr
        )
    warmup_steps = round(settings.warmup * steps)
    return optimiser, LambdaLR(optimiser, lambda step: warmup_cosine(step, warmup_steps, steps))


def warmup_cosine(step: int, warmup_steps: int, steps: int) -> float:
    """Share of the highest learning rate at a step: rises linearly, then falls as half a cosine."""
    if step < warmup_steps:
        return (step + 1) / (warmup_steps + 1)
    share_done = (step - warmup_steps) / max(1, steps - warmup_steps)
    return 0.5 * (1 + math.cos(math.pi * min(1.0, share_done)))
