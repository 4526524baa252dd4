"""Fit the standardising of a recogniser on the training clips."""

from __future__ import annotations

import numpy as np
import torch
from accelerate import Accelerator

from vidfer.data.clip_labels import labels_of
from vidfer.data.settings import DataSettings
from vidfer.data.split_datasets import evaluation_clips
from vidfer.data.splits import ClipSplit
from vidfer.errors import CheckpointError, DataError, SettingError
from vidfer.learn.frozen_features import seen_once
from vidfer.models.recogniser import Recogniser
from vidfer.models.whitening import fit_standardising
from vidfer.store.reader import CropCache

ALL = "all"
"""Value of --standardise that centres on all base classes."""

LEAST_CLIPS = 10
"""Training clips of the class to centre on; the mean of fewer says too little."""


def check_standardising(name: str, cache: CropCache, split: ClipSplit) -> None:
    """Raise an error unless :func:`standardise` has what it needs.

    Raises:
        SettingError: ``name`` is neither a base class nor ``all``.
        DataError: there are too few training clips.
    """
    if name != ALL and name not in split.classes:
        raise SettingError(
            f"--standardise {name}: this is not a base class of {cache.path}; give the one that shows no "
            f"expression, from {', '.join(split.classes)}, or {ALL}"
        )
    labels = np.asarray(labels_of(cache, split.train, split.classes))
    clips = len(labels) if name == ALL else int((labels == split.classes.index(name)).sum())
    if clips < LEAST_CLIPS:
        of_class = "" if name == ALL else " of this class"
        raise DataError(
            f"--standardise {name}: there are {clips} training clips{of_class}, and {LEAST_CLIPS} are needed "
            f"({cache.path}); leave --standardise out, or add clips"
        )


def standardise(
    recogniser: Recogniser,
    name: str,
    cache: CropCache,
    split: ClipSplit,
    settings: DataSettings,
    accelerator: Accelerator,
) -> None:
    """Fit the standardising of a recogniser on the training clips, without noise.

    The vectors of the encoder, which is frozen, are kept beside the cache. Every process comes to the same.

    Args:
        recogniser: with a frozen encoder, built with a whitening, which is replaced.
        name: the class whose mean becomes the origin, or ``all`` for the mean of the means of all classes.
        cache, split: checked by :func:`check_standardising`.
        settings: number of frames of each clip, and loader processes.
        accelerator: of the run.

    Raises:
        CheckpointError: the encoder gives the same vector for all clips.
    """
    encoder = recogniser.encoder
    clips = evaluation_clips(cache, split.train, None, n_frames=settings.frames, regions=encoder.regions)
    (seen,) = seen_once(recogniser, [clips], accelerator, settings.workers)
    labels = torch.as_tensor(np.asarray(labels_of(cache, split.train, split.classes)))
    numbers = labels.unique() if name == ALL else [split.classes.index(name)]
    vectors = seen.vectors.double()
    centre = torch.stack([vectors[labels == number].mean(0) for number in numbers]).mean(0)
    try:
        fitted = fit_standardising(vectors, centre, encoder.part_sizes())
    except ValueError as error:
        raise CheckpointError(f"--standardise {name}: {error}; give other weights of the encoder") from error
    recogniser.whitening.load_state_dict(fitted.state_dict())
