"""Train a classifier on labelled clips, and on pseudo-labelled ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from vidfer.learn.accelerator import share_buffers
from vidfer.learn.consistency import Consistency
from vidfer.learn.distil import FeatureLoss
from vidfer.learn.epoch import Epoch
from vidfer.learn.losses import noisy_student_loss, smooth_targets
from vidfer.learn.mix import mix_clips
from vidfer.learn.optimiser import take_step
from vidfer.learn.settings import OptimSettings, TrainSettings


def train_epoch(
    model: nn.Module,
    epoch: Epoch,
    optimiser: Optimizer,
    schedule: LRScheduler,
    noise: nn.Module,
    consistency: Consistency | None = None,
    *,
    clip_norm: float,
    label_smoothing: float = 0.0,
    class_weights: Tensor | None = None,
    mixup: float = 0.0,
    cutmix: float = 0.0,
    feature_loss: FeatureLoss | None = None,
) -> dict[str, float]:
    """Do the steps of an epoch that are not done yet.

    Args:
        model: prepared by the accelerator; gives logits (B, C); with ``feature_loss`` a
            :class:`vidfer.learn.distil.GuidedNet`.
        epoch: its batches have ``crops``, ``frame_mask`` and ``label``; if some clips are pseudo-labelled,
            also ``target`` (B, C) and ``pseudo`` (B,), see :class:`vidfer.data.mixed_batches.MixedDataset`;
            with ``feature_loss`` those of :class:`vidfer.learn.distil.GuidedClips`.
        optimiser, schedule: prepared.
        noise: turns uint8 crops into noised float crops, on their device.
        consistency: also labels the pseudo-labelled clips, with the student itself.
        clip_norm: largest norm of the gradient; 0 clips nothing.
        label_smoothing: for labelled clips without a ``target``.
        class_weights: (C,) how much a labelled clip of each class counts.
        mixup, cutmix: how clips are mixed, see :func:`vidfer.learn.mix.mix_clips`; 0 is off.
        feature_loss: how much all clips, also those without a label, learn from the features of a guide.

    Returns:
        Means over the epoch and over the processes: ``loss``, ``labelled_loss``, ``pseudo_loss``,
        ``train_war`` (accuracy on noised labelled clips; a mixed one counts as the clip of which it has more)
        and ``waiting``; with ``consistency`` also ``consistency_loss`` and ``sure``, the share of
        pseudo-labelled clips of which the student is sure; with ``feature_loss`` also ``feature_loss``.

    Raises:
        RunError: the loss is not a finite number any more.
    """
    accelerator = epoch.accelerator
    model.train()
    noise.train()
    for batch in epoch:
        with accelerator.accumulate(model):
            crops, frame_mask, labels = noise(batch["crops"]), batch["frame_mask"], batch["label"]
            pseudo = batch.get("pseudo", torch.zeros_like(labels, dtype=torch.bool))
            sure = None if consistency is None else sure_targets(consistency, model, epoch, batch)
            mixture = None
            if mixup or cutmix:
                crops, frame_mask, mixture = mix_clips(crops, frame_mask, pseudo, mixup=mixup, cutmix=cutmix)
                labels = mixture.labels(labels)
            logits = model(crops, frame_mask)
            if feature_loss is not None:
                logits, features = logits
            targets = batch_targets(batch, logits.shape[1], label_smoothing, class_weights)
            targets = targets if mixture is None else mixture.targets(targets)
            labelled_loss, pseudo_loss = noisy_student_loss(logits, targets, pseudo)
            loss, more = labelled_loss + pseudo_loss, {}
            if sure is not None:
                targets = sure if mixture is None else mixture.targets(sure)
                _, consistency_loss = noisy_student_loss(logits, targets, pseudo)
                loss = loss + consistency.weight * consistency_loss
                more = {"consistency_loss": consistency_loss, "sure": (sure.sum(), pseudo.sum())}
            if feature_loss is not None:
                targets = batch["guide"] if mixture is None else mixture.targets(batch["guide"])
                more["feature_loss"] = feature_loss(features, targets)
                loss = loss + more["feature_loss"]
            take_step(loss, model, optimiser, schedule, accelerator, clip_norm=clip_norm, ema=epoch.ema)
        right = ((logits.argmax(1) == labels) & ~pseudo).sum()
        epoch.add(
            loss=loss,
            labelled_loss=labelled_loss,
            pseudo_loss=pseudo_loss,
            **more,
            train_war=(right, (~pseudo).sum()),
        )
    means = epoch.means()
    share_buffers(model, accelerator)
    if epoch.ema is not None:
        share_buffers(epoch.ema.module, accelerator)
    return means


def step_options(
    optim: OptimSettings, train: TrainSettings, labels: Sequence[int] | np.ndarray, n_classes: int
) -> dict:
    """Options of :func:`train_epoch` from the settings of a recipe; ``labels`` are those to train on."""
    return {
        "clip_norm": optim.clip_norm,
        "label_smoothing": train.label_smoothing,
        "class_weights": class_weights(labels, n_classes, train),
        "mixup": train.mixup,
        "cutmix": train.cutmix,
    }


def sure_targets(
    consistency: Consistency, model: nn.Module, epoch: Epoch, batch: dict[str, Tensor]
) -> Tensor:
    """Targets (B, C) of the pseudo-labelled clips of which the student, or its average, is sure; else 0."""
    if epoch.ema is None:
        network = epoch.accelerator.unwrap_model(model, keep_torch_compile=False)
    else:
        network = epoch.ema.module
    pseudo = batch["pseudo"]
    found = consistency(network, batch["crops"][pseudo], batch["frame_mask"][pseudo])
    return found.new_zeros(len(pseudo), found.shape[1]).masked_scatter(pseudo[:, None], found)


def batch_targets(
    batch: dict[str, Tensor], n_classes: int, label_smoothing: float, class_weights: Tensor | None
) -> Tensor:
    """Targets (B, C) of a batch: distributions over the classes, times the weights of the clips."""
    if "target" in batch:
        targets = batch["target"]
    else:
        # A clip without a label has no target.
        labelled = (batch["label"] >= 0)[:, None]
        targets = smooth_targets(batch["label"].clamp(min=0), n_classes, label_smoothing) * labelled
    if class_weights is None:
        return targets
    return targets * clip_weights(batch["label"], class_weights)[:, None]


def clip_weights(labels: Tensor, class_weights: Tensor) -> Tensor:
    """Weight (B,) of each clip; 1 where the label is -1, as for a pseudo-labelled clip."""
    weights = class_weights.to(labels.device)[labels.clamp(min=0)]
    return torch.where(labels < 0, torch.ones_like(weights), weights)


def class_weights(
    labels: Sequence[int] | np.ndarray, n_classes: int, settings: TrainSettings
) -> Tensor | None:
    """Weight (C,) of a clip of each class in the loss; None if all clips count alike.

    The mean weight of the given clips is 1, so the learning rate keeps its meaning.

    ``balanced``: w_c = 1 / n_c. ``effective``: w_c = (1 - beta) / (1 - beta^n_c), one over the effective
    number of clips (Cui et al. 2019, arXiv 1901.05555, proposition 1 and section 4). A class without clips
    has weight 0.

    Args:
        labels: (M,) class numbers of the clips to train on.
        n_classes: C.
        settings: the kind of weights, and beta.
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
