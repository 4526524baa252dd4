"""Embed every clip once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader

from vidfer.infer.iterate import evaluating, walk
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
    """Embeddings of all clips of a loader.

    Args:
        model: a :class:`vidfer.models.recogniser.Recogniser` on ``device``; anything with its ``embed``.
        loader: of a data set that is not in training.
        device: where the model is.
        progress: called with the number of batches done and the number of all.
        maps: keep the maps, 0.15 MB a clip; a head whose ``compares_maps`` is False does without.

    Returns:
        The embedding on the CPU, in the order of the loader, with the frame attention but not the spatial one
        (which would take ten times the memory); and which clips have a face, (M,) bool. Maps that are not
        kept have no regions: (M, 0, 64, 14, 14).
    """
    parts, has_face = [], []
    with evaluating(model):
        for batch in walk(loader, device, progress):
            e = model.embed(batch["crops"], batch["frame_mask"])
            attention = {name: e.attention[name] for name in ("frames",) if name in e.attention}
            # A slice without regions would hold on to the memory of all of them.
            kept = e.maps.float() if maps else e.maps.new_empty(len(e), 0, *e.maps.shape[2:])
            parts.append(Embedding(e.vector.float(), kept, attention).to("cpu"))
            has_face.append(batch["frame_mask"].any(1).cpu())
    return Embedding.cat(parts), torch.cat(has_face).numpy()
