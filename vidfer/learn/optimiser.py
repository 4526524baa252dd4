"""Build optimiser and schedule, and take a step with them."""

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
    """Build an optimiser of the trainable parameters of a model, and its schedule of learning rates.

    Args:
        model: parameters without ``requires_grad`` are left out.
        settings: kind, learning rate, decay, schedule, and how many batches make a step.
        epochs: of the whole run.
        batches: of an epoch, over all processes together.
        processes: number of processes if each takes whole batches of its own, because Accelerate then counts
            a step of all of them as so many steps; 1 if they share each batch.
    """
    trainable = [p for p in model.parameters() if p.requires_grad]
    # Decay of biases and normalisation scales would not make the function smoother.
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
            groups, lr=settings.lr, fused=True
        )
    # Batches that are left over at the end of an epoch make a step too.
    steps_per_epoch = processes * math.ceil(math.ceil(batches / processes) / settings.accumulate)
    return optimiser, LambdaLR(optimiser, lambda step: rate(step, settings, epochs, steps_per_epoch))


def rate(step: int, settings: OptimSettings, epochs: int, steps_per_epoch: int) -> float:
    """The learning rate at a step, as a share of the highest one.

    It rises linearly during the warm-up. Then it falls as half a cosine, or is multiplied by a factor at the
    end of each epoch that is a milestone.

    Args:
        step: from 0.
        settings: of schedule and warm-up.
        epochs, steps_per_epoch: of the whole run.
    """
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
    """Do a backward pass, and a step of the optimiser once the gradients of enough batches are added up.

    Call it within ``accelerator.accumulate(model)``, which counts the batches.

    Args:
        loss: of one batch; its gradient is divided by the number of batches that make a step.
        model, optimiser, schedule: prepared.
        accelerator: has prepared them.
        clip_norm: largest norm of the gradient; 0 clips nothing.
        ema: moving average of the weights to update, if the run has one.
    """
    accelerator.backward(loss)
    if clip_norm and accelerator.sync_gradients:
        accelerator.clip_grad_norm_(model.parameters(), clip_norm)
    optimiser.step()
    schedule.step()
    optimiser.zero_grad()
    if ema is not None and accelerator.sync_gradients:
        ema.update(accelerator.unwrap_model(model, keep_torch_compile=False))
