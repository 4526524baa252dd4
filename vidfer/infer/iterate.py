"""Pass over the clips of a loader once, in evaluation mode."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from vidfer.data.loader import loaded


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Put the model into evaluation mode for this block, and back into its old mode afterwards."""
    was_training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(was_training)


def iterate_batches(
    loader: DataLoader, device: torch.device | str, progress: Callable[[int, int], None] | None = None
) -> Iterator[dict[str, Tensor]]:
    """The batches of a loader, with crops and frame mask on the device.

    Args:
        loader: from :func:`vidfer.data.loader.build_loader`; its data set must not be in training mode.
        device: where the model is.
        progress: called after each batch with the number of finished batches and the number of all batches.

    Raises:
        ValueError: the data set is in training mode.
    """
    if loader.dataset.training:
        raise ValueError("evaluation uses evenly spaced frames; make the data set with training=False")
    for done, batch in enumerate(loaded(loader)):
        moved = {name: batch[name].to(device, non_blocking=True) for name in ("crops", "frame_mask")}
        yield batch | moved
        if progress is not None:
            progress(done + 1, len(loader))
