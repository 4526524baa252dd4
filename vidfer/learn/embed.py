"""Embed every clip once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader

from vidfer.learn.walk import evaluating, walk
from vidfer.models.embedding import Embedding


@torch.inference_mode()
def embed_clips(
    model: nn.Module,
    loader: DataLoader,
    device: torch.device | str = "cpu",
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Embedding, np.ndarray]:
    """Embeddings of all clips of a loader.

    Args:
        model: a :class:`vidfer.models.recogniser.Recogniser` on ``device``; anything with its ``embed``.
        loader: of a data set that is not in training.
        device: where the model is.
        progress: called with the number of batches done and the number of all.

    Returns:
        The embedding on the CPU, in the order of the loader, with the frame attention but not the spatial one
        (which would take ten times the memory); and which clips have a face, (M,) bool.
    """
    parts, has_face = [], []
    with evaluating(model):
        for batch in walk(loader, device, progress):
            e = model.embed(batch["crops"], batch["frame_mask"])
            attention = {name: e.attention[name] for name in ("frames",) if name in e.attention}
            parts.append(Embedding(e.vector.float(), e.maps.float(), attention).to("cpu"))
            has_face.append(batch["frame_mask"].any(1).cpu())
    return Embedding.cat(parts), torch.cat(has_face).numpy()
