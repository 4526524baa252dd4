"""The clips of one part of a split as a data set."""

from __future__ import annotations

from collections.abc import Sequence

from vidfer.crops import REGIONS
from vidfer.data.clip_labels import labels_of
from vidfer.data.dataset import ClipDataset
from vidfer.data.settings import DataSettings
from vidfer.store.reader import CropCache


def training_clips(
    cache: CropCache,
    clips: Sequence[int],
    classes: Sequence[str] | None,
    settings: DataSettings,
    *,
    seed: int,
    regions: Sequence[str] = REGIONS,
) -> ClipDataset:
    """Clips to train on: random frames, new in each epoch.

    Args:
        cache: an open crop cache.
        clips: indices into the cache.
        classes: their order gives the class numbers; None leaves the clips without labels.
        settings: number of frames, and who decodes the JPEGs.
        seed: of the random frames.
        regions: that the network looks at; the crops of the others stay black.

    Raises:
        DataError: a clip whose label is not one of ``classes``.
    """
    labels = None if classes is None else labels_of(cache, clips, classes)
    return ClipDataset(
        cache.path,
        clips,
        labels,
        n_frames=settings.frames,
        training=True,
        seed=seed,
        decode=settings.decode,
        regions=regions,
    )


def evaluation_clips(
    cache: CropCache,
    clips: Sequence[int],
    classes: Sequence[str] | None,
    *,
    n_frames: int,
    regions: Sequence[str] = REGIONS,
) -> ClipDataset:
    """Clips to predict or to measure on: evenly spaced frames, always the same ones.

    Arguments and errors are those of :func:`training_clips`; ``n_frames`` is the largest number of frames.
    """
    labels = None if classes is None else labels_of(cache, clips, classes)
    return ClipDataset(cache.path, clips, labels, n_frames=n_frames, regions=regions)
