"""Embed every clip of a loader once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader

from vidfer.infer.iterate import evaluating, iterate_batches
from vidfer.models.embedding import Embedding


@torch.inference_mode()
def embed_clips(
    model: nn.Module,
    loader: DataLoader,
    device: torch.device | str = "cpu",
    progress: Callable[[int, int], None] | None = None,
    *,
    maps: bool = True,
) -> tuple[Embedding, np.ndarray]:
    """Embed all M clips of a loader.

    Args:
        model: a :class:`vidfer.models.recogniser.Recogniser` on ``device``, or any model with an ``embed``
            method like its own.
        loader: its data set must not be in training mode.
        device: where the model is.
        progress: called after each batch with the number of finished batches and the number of all batches.
        maps: keep the feature maps, 0.15 MB a clip. A head that compares vectors does not need them.

    Returns:
        The embedding on the CPU, in the order of the loader, and which clips have a face, (M,) bool. The
        embedding keeps the frame attention but not the spatial attention, which would take ten times the
        memory. Without ``maps`` its maps have no regions: (M, 0, 64, 14, 14).
    """
    parts, has_face = [], []
    with evaluating(model):
        for batch in iterate_batches(loader, device, progress):
            e = model.embed(batch["crops"], batch["frame_mask"])
            attention = {name: e.attention[name] for name in ("frames",) if name in e.attention}
            # A slice without regions would keep the memory of all regions alive.
            kept = e.maps.float() if maps else e.maps.new_empty(len(e), 0, *e.maps.shape[2:])
            parts.append(Embedding(e.vector.float(), kept, attention).to("cpu"))
            has_face.append(batch["frame_mask"].any(1).cpu())
    return Embedding.cat(parts), torch.cat(has_face).numpy()
