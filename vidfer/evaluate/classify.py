"""Classification: WAR, UAR and the confusion matrix."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from vidfer.errors import CheckpointError, DataError
from vidfer.evaluate.bootstrap import bootstrap_interval
from vidfer.evaluate.intervals import Interval, wilson_interval


@dataclass(frozen=True)
class ClassificationResult:
    """Predictions of a classifier of C classes for M clips. A clip without a face is always wrong."""

    classes: tuple[str, ...]
    labels: np.ndarray
    """(M,) class numbers."""
    predicted: np.ndarray
    """(M,) class numbers; C for a clip without a face."""
    probability: np.ndarray
    """(M,) probability of the predicted class; 0 without a face."""
    measures: dict[str, Interval]
    """See :func:`recall_measures`."""
    confusion: np.ndarray
    """(C, C + 1) clips: rows true, columns predicted, the last one for clips without a face."""

    @property
    def correct(self) -> np.ndarray:
        """(M,) bool."""
        return self.predicted == self.labels

    @property
    def recall(self) -> np.ndarray:
        """(C,) share of each class's clips that are right, NaN for a class without clips."""
        clips = self.confusion.sum(1)
        return np.divide(self.confusion.diagonal(), clips, out=np.full(len(clips), np.nan), where=clips > 0)


def classify(
    probabilities: np.ndarray,
    labels: Sequence[int] | np.ndarray,
    has_face: Sequence[bool] | np.ndarray,
    classes: Sequence[str],
    *,
    subjects: Sequence[str] | None = None,
    seed: int = 0,
) -> ClassificationResult:
    """Compare predictions with the true labels.

    Args:
        probabilities: (M, C) of every clip.
        labels: (M,) class numbers 0..C-1.
        has_face: (M,) False where no frame has a face.
        classes: names by class number.
        subjects: (M,) who is in each clip, if known.
        seed: of the bootstrap.

    Raises:
        DataError: no clip.
        CheckpointError: probabilities that are no numbers.
    """
    labels, has_face = np.asarray(labels, dtype=np.int64), np.asarray(has_face, dtype=bool)
    n_classes = len(classes)
    if len(labels) == 0:
        raise DataError("no clip to measure; look at the splits of the cache with `vidfer inspect`")
    if not np.isfinite(probabilities[has_face]).all():
        raise CheckpointError("the model gives probabilities that are no numbers; take another checkpoint")
    # "No face" is an answer of its own, and always wrong.
    predicted = np.where(has_face, probabilities.argmax(1), n_classes)
    probability = np.where(has_face, probabilities.max(1), 0.0)

    confusion = np.zeros((n_classes, n_classes + 1), dtype=np.int64)
    np.add.at(confusion, (labels, predicted), 1)
    correct = predicted == labels
    return ClassificationResult(
        tuple(classes),
        labels,
        predicted,
        probability,
        measures=recall_measures(correct, labels, subjects, seed=seed),
        confusion=confusion,
    )


def recall_measures(
    right: Sequence[float] | np.ndarray,
    labels: Sequence[Hashable] | np.ndarray,
    subjects: Sequence[Hashable] | None,
    *,
    seed: int,
) -> dict[str, Interval]:
    """The measures of a classification, by their names in result files.

    ``WAR``, weighted average recall, is the share of clips that are right (micro accuracy), with Wilson's
    interval. ``UAR``, unweighted average recall, is the mean recall of the classes that have clips, with a
    bootstrap over clips within classes. ``WAR over subjects`` and ``UAR over subjects`` have a bootstrap over
    subjects.

    Args:
        right: (M,) 1 for a clip that is right, otherwise 0.
        labels: (M,) true classes.
        subjects: (M,) who is in each clip; None leaves out the intervals over subjects.
        seed: of the bootstrap.
    """
    measures = {
        "WAR": wilson_interval(int(np.sum(right)), len(right)),
        "UAR": bootstrap_interval(right, classes=labels, seed=seed),
    }
    if subjects is not None:
        measures["WAR over subjects"] = bootstrap_interval(right, subjects=subjects, seed=seed)
        measures["UAR over subjects"] = bootstrap_interval(
            right, classes=labels, subjects=subjects, seed=seed
        )
    return measures
