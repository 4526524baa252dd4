"""Fit the whitening of a recogniser on the training clips."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from vidfer.data.clip_labels import labels_of
from vidfer.data.loader import build_loader
from vidfer.data.settings import DataSettings
from vidfer.data.split_datasets import evaluation_clips
from vidfer.data.splits import ClipSplit
from vidfer.errors import CheckpointError, DataError, SettingError
from vidfer.infer.embed import embed_clips
from vidfer.models.recogniser import Recogniser
from vidfer.models.whitening import Whitening, fit_whitening
from vidfer.names import Names
from vidfer.store.reader import CropCache

LEAST_CLIPS = 10
"""Training clips that the class without expression needs; fewer tell too little about its variance."""


BATCH_SIZE = 16
"""Clips that are embedded at once; their number does not change the result."""


def check_whitening(name: str, shrinkage: float, cache: CropCache, split: ClipSplit) -> None:
    """Raise an error unless :func:`whiten` has what it needs.

    Raises:
        SettingError: ``shrinkage`` is out of range, or ``name`` is not a base class.
        DataError: the class has too few training clips.
    """
    if not 0 < shrinkage < math.inf:
        raise SettingError(f"--whiten-shrinkage {shrinkage}: give more than 0, such as 0.0167")
    if name not in Names(split.classes):
        raise SettingError(
            f"--whiten {name}: this is not a base class of {cache.path}; choose the one that shows no "
            f"expression, from {', '.join(split.classes)}"
        )
    clips = int(of_class(name, cache, split).sum())
    if clips < LEAST_CLIPS:
        raise DataError(
            f"--whiten {name}: this class has {clips} training clips, and whitening needs {LEAST_CLIPS} "
            f"({cache.path}); leave --whiten out, or add clips"
        )


def of_class(name: str, cache: CropCache, split: ClipSplit) -> Tensor:
    """Which of the training clips have a class, (M,) bool."""
    labels = labels_of(cache, split.train, split.classes)
    return torch.from_numpy(np.asarray(labels) == Names(split.classes).place(name))


def whiten(
    recogniser: Recogniser,
    name: str,
    shrinkage: float,
    cache: CropCache,
    split: ClipSplit,
    settings: DataSettings,
) -> None:
    """Fit the whitening of a recogniser on the training clips, without noise.

    Every process computes all of it, so the number of processes does not change the result.

    Args:
        recogniser: built with a whitening, which is replaced.
        name: the class whose clips show no expression.
        shrinkage: see :func:`vidfer.models.whitening.fit_whitening`.
        cache, split: checked by :func:`check_whitening`.
        settings: number of frames of each clip, and loader processes.

    Raises:
        CheckpointError: the encoder gives the same vector for all clips of the class.
    """
    clips = evaluation_clips(cache, split.train, None, n_frames=settings.frames)
    loader = build_loader(clips, BATCH_SIZE, workers=settings.workers)
    device = next(recogniser.parameters()).device
    recogniser.whitening.load_state_dict(Whitening(recogniser.encoder.vector_channels).state_dict())
    embedded, _ = embed_clips(recogniser, loader, device, maps=False)
    try:
        fitted = fit_whitening(embedded.vector, of_class(name, cache, split), shrinkage)
    except ValueError as error:
        raise CheckpointError(f"--whiten {name}: {error}; name another --init") from error
    recogniser.whitening.load_state_dict(fitted.state_dict())
