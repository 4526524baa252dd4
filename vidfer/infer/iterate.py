"""One walk over the clips of a loader, without noise, gradients or random frames."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """The model in evaluation mode for a while; afterwards as it was."""
    was_training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(was_training)


def walk(
    loader: DataLoader, device: torch.device | str, progress: Callable[[int, int], None] | None = None
) -> Iterator[dict[str, Tensor]]:
    """The batches of a loader, what the network looks at on the device.

    Args:
        loader: from :func:`vidfer.data.loader.build_loader`, of a data set that is not in training, in its
            order.
        device: where the model is.
        progress: called with the number of batches done and the number of all.
    """
    if loader.dataset.training:
        raise ValueError("evaluation looks at evenly spaced frames; make the data set with training=False")
    for done, batch in enumerate(loader):
        seen = {name: batch[name].to(device, non_blocking=True) for name in ("crops", "frame_mask")}
        yield batch | seen
        if progress is not None:
            progress(done + 1, len(loader))
