"""Batch normalisation where processes share the batches."""

from __future__ import annotations

from accelerate import Accelerator
from accelerate.utils import broadcast
from torch import nn


def sync_batch_norm(model: nn.Module, accelerator: Accelerator) -> nn.Module:
    """The model with batch normalisation over the clips of all processes; names of weights stay as they are.

    Before the model is prepared, and on accelerators only. A single process has nothing to share: the model
    comes back unchanged.
    """
    return nn.SyncBatchNorm.convert_sync_batchnorm(model) if accelerator.num_processes > 1 else model


def share_buffers(model: nn.Module, accelerator: Accelerator) -> None:
    """Gives every process the running statistics of the first one, whose model is the one that is saved."""
    if accelerator.num_processes > 1:
        for buffer in model.buffers():
            broadcast(buffer)
