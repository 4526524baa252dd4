"""The clips that a student learns from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from accelerate import Accelerator
from torch.utils.data import DataLoader

from vidfer.crops import REGIONS
from vidfer.data.dataset import ClipDataset
from vidfer.data.loader import build_loader
from vidfer.data.mixed_batches import MixedBatches, MixedDataset
from vidfer.data.settings import DataSettings
from vidfer.data.split_datasets import evaluation_clips, training_clips
from vidfer.data.splits import ClipSplit
from vidfer.data.training_split import training_split
from vidfer.data.unlabelled_clips import with_unlabelled
from vidfer.errors import CheckpointError, SettingError
from vidfer.infer.features import FeatureClips
from vidfer.learn.frozen_features import seen_once
from vidfer.learn.losses import smooth_targets
from vidfer.learn.pseudo_labels import PseudoLabels
from vidfer.learn.selection import check_quota, student_targets
from vidfer.learn.settings import PseudoLabelSettings, TrainSettings
from vidfer.learn.start import Start
from vidfer.models.recogniser import Recogniser
from vidfer.names import same_names
from vidfer.store.reader import CropCache


@dataclass(frozen=True)
class StudentData:
    """The clips of a noisy student, as data sets."""

    split: ClipSplit
    labelled: ClipDataset | FeatureClips
    """Labelled clips to train on."""
    pseudo: ClipDataset | FeatureClips
    """Unlabelled clips to train on, with the teacher's labels."""
    to_label: ClipDataset | FeatureClips
    """The same unlabelled clips for the teacher to label: evenly spaced frames, no noise."""
    val: ClipDataset | FeatureClips

    @property
    def summary(self) -> str:
        """A line about the clips."""
        labelled, unlabelled = len(self.split.train), len(self.split.unlabelled)
        clips = f"{labelled} labelled and {unlabelled} unlabelled clips"
        return f"{clips}, {len(self.split.val)} to validate on ({self.split.note})"


def student_data(
    teacher: Start,
    cache: CropCache,
    unlabelled: CropCache | None,
    settings: DataSettings,
    pseudo: PseudoLabelSettings,
    *,
    seed: int,
    regions: Sequence[str] = REGIONS,
) -> StudentData:
    """Choose the clips of a student, whose classes are those of its teacher.

    Args:
        teacher: its checkpoint.
        cache: of the labelled clips.
        unlabelled: another cache with clips to label; None takes the unlabelled clips of ``cache``.
        settings: of split and frames.
        pseudo: of the pseudo-labels; their quota must not be above the number of clips to label.
        seed: of the random frames.
        regions: that the student looks at; the teacher gets all of them.

    Raises:
        CheckpointError: the teacher has no classifier, or was trained on another split.
        SettingError: classes that are not the teacher's; a quota that is too high.
        DataError: no clip to train on, to validate on or to label.
    """
    classes = teacher.recogniser.classes
    if not classes:
        raise CheckpointError(
            f"{teacher.folder} has no classifier; name a checkpoint of `vidfer train supervised`"
        )
    split = training_split(cache, replace(settings, classes=settings.classes or classes))
    if not same_names(split.classes, classes):
        raise SettingError(
            f"--data.classes {' '.join(split.classes)}: the teacher knows {' '.join(classes)}; leave the "
            f"option out"
        )
    teacher.check_split(cache, split)
    split = replace(split, classes=classes)
    split = with_unlabelled(split, cache, unlabelled, settings.novel)
    other = unlabelled or cache
    data = StudentData(
        split,
        labelled=training_clips(cache, split.train, classes, settings, seed=seed, regions=regions),
        pseudo=training_clips(other, split.unlabelled, None, settings, seed=seed, regions=regions),
        to_label=evaluation_clips(other, split.unlabelled, None, n_frames=settings.frames),
        val=evaluation_clips(cache, split.val, classes, n_frames=settings.frames, regions=regions),
    )
    check_quota(pseudo.quota, data.to_label.n_with_face)
    return data


def data_seen_once(
    data: StudentData, teacher: Recogniser, accelerator: Accelerator, workers: int
) -> StudentData:
    """The same clips as vectors of the teacher's encoder, which its students keep as it is.

    The vectors are kept beside the caches (:func:`vidfer.learn.frozen_features.seen_once`).
    """
    parts = [data.labelled, data.pseudo, data.to_label, data.val]
    seen = seen_once(teacher, parts, accelerator, workers)
    return replace(data, **dict(zip(("labelled", "pseudo", "to_label", "val"), seen, strict=True)))


def mixed_loader(
    data: StudentData,
    labels: PseudoLabels,
    pseudo: PseudoLabelSettings,
    train: TrainSettings,
    *,
    seed: int,
    workers: int,
    pin_memory: bool,
) -> DataLoader:
    """A loader of batches with labelled and pseudo-labelled clips, see :mod:`vidfer.data.mixed_batches`."""
    labelled_targets = smooth_targets(
        torch.from_numpy(data.labelled.labels), len(labels.classes), train.label_smoothing
    )
    targets = student_targets(labels, soft=pseudo.soft, teacher_weight=pseudo.teacher_weight)
    pseudo_targets = torch.from_numpy(targets)
    mixed = MixedDataset(data.labelled, data.pseudo, labelled_targets, pseudo_targets)
    batches = MixedBatches(
        data.labelled.labels,
        labels.weights,
        batch_size=train.batch_size,
        ratio=pseudo.ratio,
        balanced=train.balanced,
        seed=seed,
    )
    return build_loader(mixed, train.batch_size, batches=batches, workers=workers, pin_memory=pin_memory)
