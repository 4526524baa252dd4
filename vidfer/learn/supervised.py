"""Training a classifier on labelled clips, and on pseudo-labelled ones: the same steps."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from vidfer.learn.batch_norm import share_buffers
from vidfer.learn.epoch import Epoch
from vidfer.learn.losses import noisy_student_loss, smooth_targets
from vidfer.learn.optimiser import take_step


def train_epoch(
    model: nn.Module,
    epoch: Epoch,
    optimiser: Optimizer,
    schedule: LRScheduler,
    *,
    noise: nn.Module,
    clip_norm: float,
    label_smoothing: float = 0.0,
    class_weights: Tensor | None = None,
) -> dict[str, float]:
    """The steps of an epoch that are not done yet.

    Args:
        model: prepared by the accelerator; gives logits (B, C).
        epoch: its batches have ``crops``, ``frame_mask``, ``label``, and, where some clips are
            pseudo-labelled, ``target`` (B, C) and ``pseudo`` (B,), see
            :class:`vidfer.data.mixed_batches.MixedDataset`.
        optimiser, schedule: prepared; both stepped after every batch, or after as many as are accumulated.
        noise: makes noised float crops of uint8 ones, on their device.
        clip_norm: largest norm of the gradient; 0 clips nothing.
        label_smoothing: for labelled clips without a ``target``.
        class_weights: (C,) how much a labelled clip of each class counts.

    Returns:
        Means over the epoch and over the processes: ``loss``, ``labelled_loss``, ``pseudo_loss``,
        ``train_war``, the accuracy on noised labelled clips, and ``waiting``.

    Raises:
        VidferError: the loss is no finite number any more.
    """
    accelerator = epoch.accelerator
    model.train()
    noise.train()
    for batch in epoch:
        with accelerator.accumulate(model):
            logits = model(noise(batch["crops"]), batch["frame_mask"])
            targets, pseudo = batch_targets(batch, logits.shape[1], label_smoothing)
            weights = None if class_weights is None else clip_weights(batch["label"], class_weights)
            labelled_loss, pseudo_loss = noisy_student_loss(logits, targets, pseudo, weights)
            loss = labelled_loss + pseudo_loss
            take_step(loss, model, optimiser, schedule, accelerator, clip_norm=clip_norm, ema=epoch.ema)
        right = ((logits.argmax(1) == batch["label"]) & ~pseudo).sum()
        epoch.add(
            loss=loss,
            labelled_loss=labelled_loss,
            pseudo_loss=pseudo_loss,
            train_war=(right, (~pseudo).sum()),
        )
    means = epoch.means()
    share_buffers(model, accelerator)
    if epoch.ema is not None:
        share_buffers(epoch.ema.module, accelerator)
    return means


def batch_targets(batch: dict[str, Tensor], n_classes: int, label_smoothing: float) -> tuple[Tensor, Tensor]:
    """Target distributions (B, C) of a batch, and which of them are pseudo-labels (B,)."""
    if "target" in batch:
        return batch["target"], batch["pseudo"]
    targets = smooth_targets(batch["label"], n_classes, label_smoothing)
    return targets, torch.zeros_like(batch["label"], dtype=torch.bool)


def clip_weights(labels: Tensor, class_weights: Tensor) -> Tensor:
    """Weight (B,) of each clip; 1 where the label is unknown (-1), as that of a pseudo-labelled clip is."""
    weights = class_weights.to(labels.device)[labels.clamp(min=0)]
    return torch.where(labels < 0, torch.ones_like(weights), weights)
