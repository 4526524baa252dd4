"""Which pseudo-labelled clips a student learns from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from vidfer.errors import VidferError
from vidfer.learn.pseudo_labels import PseudoLabels
from vidfer.learn.settings import PseudoLabelSettings


def select(labels: PseudoLabels, settings: PseudoLabelSettings) -> PseudoLabels:
    """Chooses confident clips and balances the classes (Xie et al. 2020, arXiv 1911.04252, section 3.1).

    Kept are clips with a face whose highest probability is greater than the threshold. Balancing takes the
    most confident of each class up to the quota, and repeats them, the most confident first, up to it where
    there are fewer. A class that the teacher never chose stays empty: there is nothing to repeat.

    Returns:
        The same labels with ``weights`` set.

    Raises:
        VidferError: no clip is left.
    """
    kept = labels.has_face & (labels.confidence > settings.threshold)
    if not kept.any():
        highest = labels.confidence[labels.has_face].max(initial=0.0)
        raise VidferError(
            f"no pseudo-label has a confidence above {settings.threshold} ({len(labels.clip_ids)} clips, "
            f"{int(labels.has_face.sum())} with a face, highest confidence {highest:.2f}); "
            f"lower --pseudo.threshold and choose another --out, or train the teacher longer"
        )
    if not settings.balance:
        return replace(labels, weights=kept.astype(np.int64))
    weights = np.zeros(len(kept), dtype=np.int64)
    quota = mean_quota(labels.labels[kept]) if settings.quota is None else settings.quota
    for number in np.unique(labels.labels[kept]):
        clips = np.flatnonzero(kept & (labels.labels == number))
        clips = clips[np.argsort(-labels.confidence[clips], kind="stable")]  # ties: the order of the cache
        taken = clips[np.arange(quota) % len(clips)]
        np.add.at(weights, taken, 1)
    return replace(labels, weights=weights)


def mean_quota(labels: np.ndarray) -> int:
    """The quota that keeps the pool about as large as it is: the mean count of the classes that occur."""
    return max(1, round(len(labels) / len(np.unique(labels))))


def student_targets(labels: PseudoLabels, *, soft: bool) -> np.ndarray:
    """Target distributions (M, C) float32: the teacher's own, or all weight on its first choice."""
    if soft:
        return labels.probabilities
    return np.eye(len(labels.classes), dtype=np.float32)[labels.labels]


def summarise(labels: PseudoLabels) -> dict:
    """Counts for the report: the teacher's confidence, its labels, and the student's pool."""
    counts = np.bincount(labels.labels[labels.has_face], minlength=len(labels.classes))
    pool = np.bincount(labels.labels, weights=labels.weights, minlength=len(labels.classes))
    histogram = np.histogram(labels.confidence[labels.has_face], bins=20, range=(0.0, 1.0))[0]
    return {
        "clips": len(labels.clip_ids),
        "without_face": int((~labels.has_face).sum()),
        "selected": int((labels.weights > 0).sum()),
        "pool": int(labels.weights.sum()),
        "labelled_per_class": dict(zip(labels.classes, counts.tolist())),
        "pool_per_class": dict(zip(labels.classes, pool.astype(int).tolist())),
        "confidence_histogram": histogram.tolist(),
        "mean_confidence": float(labels.confidence[labels.has_face].mean()) if labels.has_face.any() else 0.0,
    }
