"""Train on what a frozen encoder has seen once, instead of showing it every clip again in each epoch."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from accelerate import Accelerator

from vidfer.data.dataset import ClipDataset
from vidfer.data.joined_clips import JoinedClips
from vidfer.infer.features import FeatureClips, feature_clips
from vidfer.models.recogniser import Recogniser
from vidfer.terminal import terminal_text


def seen_once(
    recogniser: Recogniser,
    datasets: Sequence[ClipDataset | JoinedClips],
    accelerator: Accelerator,
    workers: int,
) -> list[FeatureClips]:
    """The data sets as vectors of the frozen encoder, which are kept beside the caches.

    The first process computes what is missing, the others then read it. Training sees the evenly spaced
    frames of each clip, as validation does.

    Args:
        recogniser: with a frozen encoder.
        datasets: to train and to validate on.
        accelerator: of the run.
        workers: loader processes.

    Raises:
        DiskError: the disk is full.
    """
    recogniser.to(accelerator.device)
    told: list[str] = []
    with accelerator.main_process_first():
        found = [
            feature_clips(recogniser, one, accelerator.device, workers=workers, say=told.append)
            for one in datasets
        ]
    accelerator.print(terminal_text("\n".join(dict.fromkeys(told))), file=sys.stderr)
    return found
