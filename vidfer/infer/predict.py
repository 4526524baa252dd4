"""Class probabilities of every clip of a loader, and accuracies from them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, fields

import numpy as np
import torch
from accelerate import Accelerator
from torch import nn

from vidfer.data.loader import loaded
from vidfer.infer.iterate import evaluating


@dataclass(frozen=True)
class Predictions:
    """Class probabilities of M clips, one row per clip, in the order of the cache."""

    clips: np.ndarray
    """(M,) indices into the cache."""
    probabilities: np.ndarray
    """(M, C) float32."""
    labels: np.ndarray
    """(M,) class numbers, -1 where unknown."""
    has_face: np.ndarray
    """(M,) bool. The probabilities of a clip without a face mean nothing."""


@torch.no_grad()
def predict(model: nn.Module, batches: Iterable[dict], accelerator: Accelerator | None = None) -> Predictions:
    """Predict the class probabilities of every clip, without noise and in evaluation mode.

    Args:
        model: gives logits (B, C) for ``crops`` and ``frame_mask``.
        batches: on the model's device, for example from :func:`vidfer.infer.iterate.iterate_batches`. With an
            accelerator: a loader that it has prepared. Such a loader may repeat clips to fill the last batch;
            each clip still counts once.
        accelerator: gathers the results of all its processes; every process gets all of them.
    """
    rows: list[list[torch.Tensor]] = []
    with evaluating(model), accelerator.autocast() if accelerator else nullcontext():
        for batch in loaded(batches):
            logits = model(batch["crops"], batch["frame_mask"])
            shown = (batch["clip"], logits.float().softmax(1), batch["label"], batch["frame_mask"].any(1))
            rows.append([part.cpu() for part in (accelerator.gather(shown) if accelerator else shown)])
    clips, probabilities, labels, has_face = (torch.cat(column).numpy() for column in zip(*rows))
    order = np.unique(clips, return_index=True)[1]
    return Predictions(clips[order], probabilities[order], labels[order], has_face[order])


def joined(parts: Sequence[Predictions]) -> Predictions:
    """The predictions of several caches one after the other; ``clips`` then repeat numbers."""
    return Predictions(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Predictions)))


def war_uar(*predictions: Predictions) -> tuple[float, float]:
    """Share of clips recognised (WAR), and mean of this share over the classes (UAR).

    Takes the predictions of one or several caches, and measures all their clips together.

    WAR is the weighted average recall, which is the accuracy; UAR the unweighted average recall. A clip
    without a face counts as wrong, and so does a clip whose probabilities are not finite.
    """
    labels = np.concatenate([part.labels for part in predictions])
    probabilities = np.concatenate([part.probabilities for part in predictions])
    has_face = np.concatenate([part.has_face for part in predictions])
    recognised = has_face & np.isfinite(probabilities).all(1)
    right = recognised & (probabilities.argmax(1) == labels)
    recalls = [right[labels == label].mean() for label in np.unique(labels)]
    return float(right.mean()), float(np.mean(recalls))
