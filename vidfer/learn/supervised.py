"""Training a classifier on labelled clips, and on pseudo-labelled ones: the same steps."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from accelerate import Accelerator
from accelerate.utils import broadcast
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from vidfer.errors import VidferError
from vidfer.learn.ema import Ema
from vidfer.learn.losses import noisy_student_loss, smooth_targets


def train_epoch(
    model: nn.Module,
    loader: Iterable[dict],
    optimiser: Optimizer,
    schedule: LRScheduler,
    accelerator: Accelerator,
    *,
    noise: nn.Module,
    clip_norm: float,
    label_smoothing: float = 0.0,
    ema: Ema | None = None,
) -> dict[str, float]:
    """One pass over a loader.

    Args:
        model: prepared by the accelerator; gives logits (B, C).
        loader: batches with ``crops``, ``frame_mask``, ``label``, and, where some clips are pseudo-labelled,
            ``target`` (B, C) and ``pseudo`` (B,), see :class:`vidfer.learn.noisy_student.MixedDataset`.
        optimiser, schedule: prepared; both stepped after every batch.
        noise: makes noised float crops of uint8 ones, on their device.
        clip_norm: largest norm of the gradient; 0 clips nothing.
        label_smoothing: for labelled clips without a ``target``.
        ema: follows the model, if given.

    Returns:
        Means over the epoch and over the processes: ``loss``, ``labelled_loss``, ``pseudo_loss``, and
        ``train_war``, the accuracy on noised labelled clips.

    Raises:
        VidferError: the loss is no finite number any more.
    """
    model.train()
    noise.train()
    sums = torch.zeros(5, device=accelerator.device)
    for batch in loader:
        logits = model(noise(batch["crops"]), batch["frame_mask"])
        targets, pseudo = batch_targets(batch, logits.shape[1], label_smoothing)
        labelled_loss, pseudo_loss = noisy_student_loss(logits, targets, pseudo)
        optimiser.zero_grad()
        accelerator.backward(labelled_loss + pseudo_loss)
        if clip_norm:
            accelerator.clip_grad_norm_(model.parameters(), clip_norm)
        optimiser.step()
        schedule.step()
        if ema is not None:
            ema.update(accelerator.unwrap_model(model))
        right = ((logits.argmax(1) == batch["label"]) & ~pseudo).sum()
        ones = torch.ones_like(labelled_loss)
        sums += torch.stack([labelled_loss.detach(), pseudo_loss.detach(), ones, right, (~pseudo).sum()])
    share_buffers(model, accelerator)
    if ema is not None:
        share_buffers(ema.module, accelerator)
    labelled, pseudo, steps, right, clips = accelerator.reduce(sums, "sum").tolist()
    if not math.isfinite(labelled + pseudo):
        raise VidferError(
            "the loss is no finite number any more; lower --optimiser.lr, or train without fp16"
        )
    return {
        "loss": (labelled + pseudo) / steps,
        "labelled_loss": labelled / steps,
        "pseudo_loss": pseudo / steps,
        "train_war": right / max(1.0, clips),
    }


def batch_targets(batch: dict[str, Tensor], n_classes: int, label_smoothing: float) -> tuple[Tensor, Tensor]:
    """Target distributions (B, C) of a batch, and which of them are pseudo-labels (B,)."""
    if "target" in batch:
        return batch["target"], batch["pseudo"]
    targets = smooth_targets(batch["label"], n_classes, label_smoothing)
    return targets, torch.zeros_like(batch["label"], dtype=torch.bool)


def share_buffers(model: nn.Module, accelerator: Accelerator) -> None:
    """Gives every process the running statistics of the first one, whose model is the one that is saved."""
    if accelerator.num_processes > 1:
        for buffer in model.buffers():
            broadcast(buffer)
