"""Which pseudo-labelled clips a student learns from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from vidfer.errors import VidferError
from vidfer.learn.pseudo_labels import DROPPED, NOBODY, PseudoLabels
from vidfer.learn.settings import PseudoLabelSettings


def select(labels: PseudoLabels, settings: PseudoLabelSettings) -> PseudoLabels:
    """Chooses confident clips and balances the classes (Xie et al. 2020, arXiv 1911.04252, section 3.1).

    Kept are clips with a face whose highest probability is greater than the threshold. Balancing takes the
    most confident of each class up to the quota, and repeats them, the most confident first, up to it where
    there are fewer. A class that the teacher never chose stays empty: there is nothing to repeat.

    Clips that a person has given a class are kept whatever the teacher's confidence, once each, and fill
    places of that class's quota first. Those that a person has dropped are left out.

    Returns:
        The same labels with ``weights`` set.

    Raises:
        VidferError: no clip is left, or the quota is larger than all clips together could fill.
    """
    said, final = labels.said, labels.final
    given = labels.has_face & (said >= 0)
    kept = labels.has_face & (labels.confidence > settings.threshold) & (said == NOBODY)
    if not (kept | given).any():
        highest = labels.confidence[labels.has_face].max(initial=0.0)
        raise VidferError(
            f"no pseudo-label has a confidence above {settings.threshold} ({len(labels.clip_ids)} clips, "
            f"{int(labels.has_face.sum())} with a face, highest confidence {highest:.2f}); "
            f"lower --pseudo.threshold and choose another --out, or train the teacher longer"
        )
    if not settings.balance:
        return replace(labels, weights=(kept | given).astype(np.int64))
    check_quota(settings.quota, int(labels.has_face.sum()))
    weights = given.astype(np.int64)
    quota = mean_quota(final[kept | given]) if settings.quota is None else settings.quota
    for number in np.unique(final[kept]):
        clips = np.flatnonzero(kept & (final == number))
        clips = clips[np.argsort(-labels.confidence[clips], kind="stable")]  # ties: the order of the cache
        places = max(0, quota - int((given & (final == number)).sum()))
        np.add.at(weights, clips[np.arange(places) % len(clips)], 1)
    return replace(labels, weights=weights)


def check_quota(quota: int | None, clips: int) -> None:
    """Raises a VidferError if all unlabelled ``clips`` with a face together could not fill the quota."""
    if quota is not None and quota > clips:
        raise VidferError(
            f"--pseudo.quota {quota}: all {clips} unlabelled clips with a face could not fill a class "
            f"without coming twice; choose at most {clips}, or --pseudo.no-balance for all confident clips"
        )


def mean_quota(labels: np.ndarray) -> int:
    """The quota that keeps the pool about as large as it is: the mean count of the classes that occur."""
    return max(1, round(len(labels) / len(np.unique(labels))))


def student_targets(labels: PseudoLabels, *, soft: bool) -> np.ndarray:
    """Target distributions (M, C) float32: the teacher's own, or all weight on its first choice; where a
    person has said the class, all weight on that."""
    hard = np.eye(len(labels.classes), dtype=np.float32)[labels.final]
    return np.where((labels.said >= 0)[:, None], hard, labels.probabilities) if soft else hard


def summarise(labels: PseudoLabels) -> dict:
    """Counts for the report: the teacher's confidence, its labels, the student's pool, and what a person made
    of them.

    ``checked`` are the clips with a face that a person has given a class or dropped in this round, and
    ``right`` those among them whose class was the teacher's: how often the teacher is right, as far as the
    person did not look for its mistakes alone.
    """
    counts = np.bincount(labels.labels[labels.has_face], minlength=len(labels.classes))
    pool = np.bincount(labels.final, weights=labels.weights, minlength=len(labels.classes))
    histogram = np.histogram(labels.confidence[labels.has_face], bins=20, range=(0.0, 1.0))[0]
    new = {clip for clip, word in labels.corrections.items() if labels.carried.get(clip) != word}
    checked = labels.has_face & np.array([clip in new for clip in labels.clip_ids], dtype=bool)
    return {
        "clips": len(labels.clip_ids),
        "without_face": int((~labels.has_face).sum()),
        "selected": int((labels.weights > 0).sum()),
        "pool": int(labels.weights.sum()),
        "labelled_per_class": dict(zip(labels.classes, counts.tolist())),
        "pool_per_class": dict(zip(labels.classes, pool.astype(int).tolist())),
        "confidence_histogram": histogram.tolist(),
        "mean_confidence": float(labels.confidence[labels.has_face].mean()) if labels.has_face.any() else 0.0,
        "corrected": len(labels.corrections),
        "dropped": int((labels.said == DROPPED).sum()),
        "checked": int(checked.sum()),
        "right": int((checked & (labels.said == labels.labels)).sum()),
    }
