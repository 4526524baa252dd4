"""Optimiser and schedule from their settings, and a step with them."""

from __future__ import annotations

import math

import torch
from accelerate import Accelerator
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR, LRScheduler

from vidfer.learn.settings import OptimSettings
from vidfer.models.ema import Ema


def build_optimiser(
    model: nn.Module, settings: OptimSettings, *, epochs: int, batches: int, processes: int = 1
) -> tuple[Optimizer, LambdaLR]:
    """An optimiser over the trainable parameters of a model, and a schedule to step after every step of it.

    Args:
        model: parameters without ``requires_grad`` are left out.
        settings: kind, learning rate, decay, schedule, and how many batches make a step.
        epochs: of the whole run.
        batches: in an epoch, over all processes together.
        processes: processes that take whole batches of their own; 1 where they share each batch. Accelerate
            counts a step of theirs as so many.
    """
    trainable = [p for p in model.parameters() if p.requires_grad]
    # A bias or a normalisation scale pulled to zero only loses capacity, it does not smooth the function.
    spared = [] if settings.decay_all else [p for p in trainable if p.ndim <= 1]
    names = {id(p) for p in spared}
    groups = [
        {"params": [p for p in trainable if id(p) not in names], "weight_decay": settings.weight_decay},
        {"params": spared, "weight_decay": 0.0},
    ]
    if settings.name == "sgd":
        optimiser = torch.optim.SGD(groups, lr=settings.lr, momentum=0.9, nesterov=settings.nesterov)
    else:
        optimiser = {"adamw": torch.optim.AdamW, "adam": torch.optim.Adam}[settings.name](
            groups, lr=settings.lr
        )
    # What is left over at the end of an epoch makes a step too.
    steps_per_epoch = processes * math.ceil(math.ceil(batches / processes) / settings.accumulate)
    return optimiser, LambdaLR(optimiser, lambda step: rate(step, settings, epochs, steps_per_epoch))


def rate(step: int, settings: OptimSettings, epochs: int, steps_per_epoch: int) -> float:
    """Share of the highest learning rate at a step from 0: rises linearly in the warm-up; then it falls as
    half a cosine, or is multiplied by a factor at the end of each milestone's epoch."""
    steps = epochs * steps_per_epoch
    warmup_steps = round(settings.warmup * steps)
    if step < warmup_steps:
        return (step + 1) / (warmup_steps + 1)
    if settings.schedule == "steps":
        return settings.factor ** sum(step >= epoch * steps_per_epoch for epoch in settings.milestones)
    share_done = (step - warmup_steps) / max(1, steps - warmup_steps)
    return 0.5 * (1 + math.cos(math.pi * min(1.0, share_done)))


def take_step(
    loss: Tensor,
    model: nn.Module,
    optimiser: Optimizer,
    schedule: LRScheduler,
    accelerator: Accelerator,
    *,
    clip_norm: float,
    ema: Ema | None = None,
) -> None:
    """Backward pass and, as soon as enough gradients are added up, a step of the optimiser.

    Within ``accelerator.accumulate(model)``, which decides what is enough.

    Args:
        loss: of one batch; its gradient is divided by the number of batches that make a step.
        model, optimiser, schedule: prepared.
        accelerator: that prepared them.
        clip_norm: largest norm of the gradient; 0 clips nothing.
        ema: follows the model, if given.
    """
    accelerator.backward(loss)
    if clip_norm and accelerator.sync_gradients:
        accelerator.clip_grad_norm_(model.parameters(), clip_norm)
    optimiser.step()
    schedule.step()
    optimiser.zero_grad()
    if ema is not None and accelerator.sync_gradients:
        ema.update(accelerator.unwrap_model(model))
