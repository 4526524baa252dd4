"""Select the pseudo-labelled clips that a student learns from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from vidfer.errors import DataError, SettingError
from vidfer.learn.pseudo_labels import DROPPED, NO_HUMAN_LABEL, PseudoLabels
from vidfer.learn.settings import PseudoLabelSettings


def select(labels: PseudoLabels, settings: PseudoLabelSettings) -> PseudoLabels:
    """Select confident clips and balance the classes (Xie et al. 2020, arXiv 1911.04252, section 3.1).

    A clip with a face is selected if its highest probability is greater than the threshold. Balancing brings
    every class to the quota: of a large class only the most confident clips are selected, and the clips of a
    small class repeat, the most confident ones first. A class that the teacher never chose stays empty.

    A clip that a person has given a class is selected once, whatever the teacher's confidence, and counts for
    the quota of its class. A clip that a person has dropped is left out.

    Where the teacher's labels have no weight, all clips with a face are selected, and none repeats.

    Returns:
        The same labels with ``weights`` set.

    Raises:
        DataError: no clip is selected.
        SettingError: all clips together could not fill the quota.
    """
    human, final = labels.human_labels, labels.final
    if not settings.teacher_weight:
        return replace(labels, weights=_all_but_dropped(labels))
    given = labels.has_face & (human >= 0)
    kept = labels.has_face & (labels.confidence > settings.threshold) & (human == NO_HUMAN_LABEL)
    if not (kept | given).any():
        highest = labels.confidence[labels.has_face].max(initial=0.0)
        raise DataError(
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
        clips = clips[
            np.argsort(-labels.confidence[clips], kind="stable")
        ]  # ties keep the order of the cache
        places = max(0, quota - int((given & (final == number)).sum()))
        np.add.at(weights, clips[np.arange(places) % len(clips)], 1)
    return replace(labels, weights=weights)


def _all_but_dropped(labels: PseudoLabels) -> np.ndarray:
    """Weight 1 of each clip with a face that no person has dropped."""
    weights = (labels.has_face & (labels.human_labels != DROPPED)).astype(np.int64)
    if not weights.any():
        raise DataError(f"none of the {len(labels.clip_ids)} unlabelled clips shows a face to learn from")
    return weights


def check_quota(quota: int | None, clips: int) -> None:
    """Raise a SettingError if the quota is above ``clips``, the number of unlabelled clips with a face."""
    if quota is not None and quota > clips:
        raise SettingError(
            f"--pseudo.quota {quota}: there are only {clips} unlabelled clips with a face; choose at most "
            f"{clips}, or --pseudo.no-balance for all confident clips"
        )


def mean_quota(labels: np.ndarray) -> int:
    """The quota that keeps the number of clips about the same: the mean over the classes that occur."""
    return max(1, round(len(labels) / len(np.unique(labels))))


def student_targets(labels: PseudoLabels, *, soft: bool, teacher_weight: float = 1.0) -> np.ndarray:
    """Target distributions (M, C) float32 of the student, times the weight of each clip.

    ``soft`` targets are the teacher's probabilities; otherwise all weight is on the teacher's class. Where a
    person has given a class, all weight is on that class, and the clip counts 1, not ``teacher_weight``.
    """
    hard = np.eye(len(labels.classes), dtype=np.float32)[labels.final]
    said = labels.probabilities if soft else hard
    return np.where((labels.human_labels >= 0)[:, None], hard, np.float32(teacher_weight) * said)


def summarise(labels: PseudoLabels) -> dict:
    """Counts for the report: the teacher's confidence and labels, the selected clips, the corrections.

    ``checked`` counts the clips with a face that a person has given a class or dropped in this round;
    ``right`` counts those of them where the teacher had the same class. Their ratio tells how often the
    teacher is right, unless the person has corrected mistakes only.
    """
    counts = np.bincount(labels.labels[labels.has_face], minlength=len(labels.classes))
    pool = np.bincount(labels.final, weights=labels.weights, minlength=len(labels.classes))
    histogram = np.histogram(labels.confidence[labels.has_face], bins=20, range=(0.0, 1.0))[0]
    new = {
        clip for clip, word in labels.corrections.items() if labels.inherited_corrections.get(clip) != word
    }
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
        "dropped": int((labels.human_labels == DROPPED).sum()),
        "checked": int(checked.sum()),
        "right": int((checked & (labels.human_labels == labels.labels)).sum()),
    }
