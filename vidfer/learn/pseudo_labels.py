"""What a teacher says about unlabelled clips, and the file it is kept in."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vidfer.errors import VidferError
from vidfer.learn.files import write_json, write_text
from vidfer.learn.predict import Predictions
from vidfer.store.reader import CropCache

COLUMNS = ("clip", "label", "confidence", "weight", "has_face")
"""Of the CSV file, before one column ``p_<class>`` for each class."""


@dataclass(frozen=True, kw_only=True)
class PseudoLabels:
    """A teacher's opinion of M clips, in the order of the cache, and what a student makes of it."""

    clip_ids: tuple[str, ...]
    probabilities: np.ndarray
    """(M, C) float32."""
    has_face: np.ndarray
    """(M,) bool; a clip without a face is listed, but never learned from."""
    weights: np.ndarray
    """(M,) int64: how often the clip stands in the student's pool; 0 is left out."""
    classes: tuple[str, ...]
    teacher_hash: str
    """Hash of the teacher's checkpoint."""
    cache_hash: str
    """Content hash of the cache with the clips."""

    @property
    def confidence(self) -> np.ndarray:
        """(M,) the teacher's highest probability."""
        return self.probabilities.max(axis=1)

    @property
    def labels(self) -> np.ndarray:
        """(M,) the class with that probability."""
        return self.probabilities.argmax(axis=1)


def from_predictions(
    predictions: Predictions, cache: CropCache, classes: tuple[str, ...], teacher_hash: str
) -> PseudoLabels:
    """Names the clips of a teacher's predictions; none is selected yet."""
    return PseudoLabels(
        clip_ids=tuple(cache.clips[i].id for i in predictions.clips),
        probabilities=predictions.probabilities.astype(np.float32),
        has_face=predictions.has_face.astype(bool),
        weights=np.zeros(len(predictions.clips), dtype=np.int64),
        classes=classes,
        teacher_hash=teacher_hash,
        cache_hash=cache.content_hash,
    )


def write_pseudo_labels(labels: PseudoLabels, path: Path, selection: dict) -> None:
    """Writes a CSV file with a row per clip, and the rest beside it, in a ``.json`` of the same name.

    Args:
        labels: what to write; all clips, also those that are left out.
        path: of the CSV file.
        selection: how the weights came about (threshold, quota ...), kept for the reader.
    """
    about = {
        "classes": list(labels.classes),
        "teacher_hash": labels.teacher_hash,
        "cache_hash": labels.cache_hash,
        "selection": selection,
    }
    write_json(path.with_suffix(".json"), about)
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow([*COLUMNS, *(f"p_{name}" for name in labels.classes)])
    for clip, label, confidence, weight, has_face, probabilities in zip(
        labels.clip_ids,
        labels.labels,
        labels.confidence,
        labels.weights,
        labels.has_face,
        labels.probabilities,
    ):
        # Nine digits give back the same float32.
        numbers = [f"{p:.9g}" for p in (confidence, *probabilities)]
        writer.writerow([clip, labels.classes[label], numbers[0], weight, int(has_face), *numbers[1:]])
    write_text(path, file.getvalue())


def read_pseudo_labels(path: Path) -> PseudoLabels:
    """Reads what :func:`write_pseudo_labels` wrote.

    Raises:
        VidferError: a file is missing, or is no pseudo-label file.
    """
    try:
        about = json.loads(path.with_suffix(".json").read_text())
        with path.open(newline="") as file:
            rows = list(csv.DictReader(file))
        classes = tuple(about["classes"])
        probabilities = [[float(row[f"p_{name}"]) for name in classes] for row in rows]
        return PseudoLabels(
            clip_ids=tuple(row["clip"] for row in rows),
            probabilities=np.array(probabilities, dtype=np.float32).reshape(len(rows), len(classes)),
            has_face=np.array([row["has_face"] == "1" for row in rows], dtype=bool),
            weights=np.array([row["weight"] for row in rows], dtype=np.int64),
            classes=classes,
            teacher_hash=about["teacher_hash"],
            cache_hash=about["cache_hash"],
        )
    except (OSError, KeyError, ValueError) as error:
        raise VidferError(
            f"{path} and {path.with_suffix('.json').name} beside it are no pseudo-labels that "
            f"recipes/noisy_student.py wrote ({error}); let it label the clips again"
        ) from error
