"""Class probabilities of every clip."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader

from vidfer.evaluate.walk import evaluating, walk


@torch.inference_mode()
def predict_clips(
    model: nn.Module,
    loader: DataLoader,
    device: torch.device | str = "cpu",
    progress: Callable[[int, int], None] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities (M, C) float32 of all clips in the order of the loader, and which have a face, (M,) bool.

    Arguments as in :func:`vidfer.evaluate.embed.embed_clips`; ``model(crops, frame_mask)`` gives logits.
    """
    probabilities, has_face = [], []
    with evaluating(model):
        for crops, frame_mask, _ in walk(loader, device, progress):
            probabilities.append(model(crops, frame_mask).float().softmax(1).cpu())
            has_face.append(frame_mask.any(1).cpu())
    return torch.cat(probabilities).numpy(), torch.cat(has_face).numpy()
