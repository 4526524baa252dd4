"""Asks a classifier about clips of a crop cache."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from vidfer.data.dataset import ClipDataset
from vidfer.errors import DataError
from vidfer.infer.answers import Answers
from vidfer.infer.classifier import Classifier


def answer_clips(
    classifier: Classifier,
    cache: Path | str,
    clips: Sequence[int] | None,
    *,
    frames: int,
    batch: int,
    threshold: float,
) -> Answers:
    """One answer for each clip.

    Args:
        classifier: gives probabilities.
        cache: the file of the cache.
        clips: which clips, by their places in the cache; None takes all.
        frames: so many frames of each clip are seen, evenly spread over it.
        batch: the most clips that the network sees at once.
        threshold: of the answers.

    Returns:
        The answers, in the order of the clips. A clip without a face has no probabilities (NaN).

    Raises:
        CacheError: there is no such cache, or it is damaged.
        DataError: it has no such clip.
    """
    data = ClipDataset(cache, [], n_frames=1)
    n_clips = len(data.cache.clips)
    places = range(n_clips) if clips is None else [int(place) for place in clips]
    if np.asarray(clips).dtype == bool or not all(0 <= place < n_clips for place in places):
        raise DataError(
            f"clips are places from 0 to {n_clips - 1} in {cache}, not {clips}; the places of a mask are "
            "np.flatnonzero(mask)"
        )
    data = ClipDataset(cache, list(places), n_frames=frames, regions=classifier.regions)
    answers = np.full((len(data), len(classifier.classes)), np.nan, np.float32)
    for first in range(0, len(data), batch):
        some = [data[i] for i in range(first, min(first + batch, len(data)))]
        shown = [i for i, item in enumerate(some) if item["frame_mask"].any()]
        if shown:
            crops = np.stack([some[i]["crops"].numpy() for i in shown])
            masks = np.stack([some[i]["frame_mask"].numpy() for i in shown])
            answers[[first + i for i in shown]] = classifier.probabilities(crops, masks)
    return Answers([data.cache.clips[i].id for i in places], classifier.classes, answers, threshold)
