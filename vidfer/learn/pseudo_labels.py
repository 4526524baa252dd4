"""What a teacher says about unlabelled clips, what a person says about that, and the file for both."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from vidfer.errors import VidferError
from vidfer.files import write_json
from vidfer.infer.predict import Predictions
from vidfer.store.reader import CropCache
from vidfer.tables import number, read_table, write_table

COLUMNS = ("clip", "corrected", "label", "confidence", "weight", "has_face", "path", "start_s", "end_s")
"""Of the CSV file, before one column ``p_<class>`` for each class."""

DROP = "drop"
"""A person's word for a clip that nobody should learn from."""

NOBODY, DROPPED = -1, -2
"""In place of a class number: no person has said anything, or said :data:`DROP`."""


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
    media: tuple[tuple[str, float | None, float | None], ...] = ()
    """(M,) end of the video's path, and where in it the clip starts and ends, in seconds; for people."""
    corrections: Mapping[str, str] = field(default_factory=dict)
    """What a person says, by clip: a class, or :data:`DROP`."""
    carried: Mapping[str, str] = field(default_factory=dict)
    """What earlier tables say. Where it is the correction, this teacher's label was not checked, but may have
    been learned from it; a person may also have changed it in this round, or taken it back."""

    @property
    def confidence(self) -> np.ndarray:
        """(M,) the teacher's highest probability."""
        return self.probabilities.max(axis=1)

    @property
    def labels(self) -> np.ndarray:
        """(M,) the class with that probability."""
        return self.probabilities.argmax(axis=1)

    @property
    def said(self) -> np.ndarray:
        """(M,) the class that a person has said, or :data:`NOBODY`, or :data:`DROPPED`."""
        numbers = {name: i for i, name in enumerate(self.classes)} | {DROP: DROPPED}
        words = (self.corrections.get(clip) for clip in self.clip_ids)
        return np.array([NOBODY if word is None else numbers[word] for word in words], dtype=np.int64)

    @property
    def final(self) -> np.ndarray:
        """(M,) the class to learn: a person's where there is one, else the teacher's."""
        said = self.said
        return np.where(said >= 0, said, self.labels)


def from_predictions(
    predictions: Predictions, cache: CropCache, classes: tuple[str, ...], teacher_hash: str
) -> PseudoLabels:
    """Names the clips of a teacher's predictions; none is selected or corrected yet."""
    clips = [cache.clips[i] for i in predictions.clips]
    return PseudoLabels(
        clip_ids=tuple(clip.id for clip in clips),
        probabilities=predictions.probabilities.astype(np.float32),
        has_face=predictions.has_face.astype(bool),
        weights=np.zeros(len(clips), dtype=np.int64),
        classes=classes,
        teacher_hash=teacher_hash,
        cache_hash=cache.content_hash,
        media=tuple((clip.path, clip.start_s, clip.end_s) for clip in clips),
    )


def write_pseudo_labels(labels: PseudoLabels, path: Path, selection: dict) -> None:
    """Writes a CSV file with a row per clip, and the rest beside it, in a ``.json`` of the same name.

    Clips that are learned from come first, and otherwise the order is random: whoever checks the labels from
    the top sees a fair sample of them. Columns that a person has added to the file stay in it.

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
        "corrections": dict(labels.corrections),
        "carried": dict(labels.carried),
    }
    columns = [*COLUMNS, *(f"p_{name}" for name in labels.classes)]
    before = {row["clip"]: row for row in read_table(path, ["clip"])} if path.exists() else {}
    added = [name for name in next(iter(before.values()), ()) if name and name not in columns]
    header, rows = [*columns, *added], []
    order = [hashlib.sha256(clip.encode()).digest() for clip in labels.clip_ids]
    for i in sorted(range(len(order)), key=lambda i: (labels.weights[i] == 0, order[i])):
        clip, p = labels.clip_ids[i], labels.probabilities[i]
        place = labels.media[i] if labels.media else ("", None, None)
        row = before.get(clip, {}) | dict(zip(COLUMNS[-3:], place))
        row |= {"clip": clip, "corrected": labels.corrections.get(clip, "")}
        row |= {"label": labels.classes[p.argmax()], "weight": labels.weights[i]}
        row |= {"has_face": int(labels.has_face[i]), "confidence": f"{p.max():.4f}"}
        # Nine digits give back the same float32.
        row |= {f"p_{name}": f"{value:.9g}" for name, value in zip(labels.classes, p)}
        rows.append([row.get(name, "") for name in header])
    write_table(path, header, rows)
    write_json(path.with_suffix(".json"), about)


def read_about(path: Path) -> dict:
    """What stands beside the table ``path``: classes, teacher, selection, and the corrections that were in
    the table when it was written. A kill may have left the table without it.

    Raises:
        VidferError: it is something else.
    """
    file = path.with_suffix(".json")
    try:
        about = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        return {"corrections": {}, "carried": {}} | about
    except (OSError, ValueError, TypeError) as error:
        raise VidferError(f"{file} cannot be read ({error}); remove it and {path.name} beside it") from error


def read_pseudo_labels(path: Path) -> PseudoLabels:
    """Reads what :func:`write_pseudo_labels` wrote, clips in the order of their ids.

    Corrections are those that were in the table when it was written, not what a person has put there since.

    Raises:
        VidferError: a file is missing, or is no pseudo-label file.
    """
    about = read_about(path)
    try:
        rows = sorted(read_table(path, ("clip", "weight", "has_face")), key=lambda row: row["clip"])
        classes = tuple(about["classes"])
        probabilities = [[number(row[f"p_{name}"]) for name in classes] for row in rows]
        if any(abs(sum(p) - 1) > 0.01 for p in probabilities):
            raise ValueError("probabilities that do not add up to 1: a spreadsheet may have changed them")
        return PseudoLabels(
            clip_ids=tuple(row["clip"] for row in rows),
            probabilities=np.array(probabilities, dtype=np.float32).reshape(len(rows), len(classes)),
            has_face=np.array([{"0": False, "1": True}[row["has_face"]] for row in rows], dtype=bool),
            weights=np.array([row["weight"] for row in rows], dtype=np.int64),
            classes=classes,
            teacher_hash=about["teacher_hash"],
            cache_hash=about["cache_hash"],
            corrections=about["corrections"],
            carried=about["carried"],
        )
    except (KeyError, ValueError) as error:
        raise VidferError(
            f"{path} and {path.with_suffix('.json').name} beside it are no pseudo-labels that "
            f"recipes/noisy_student.py wrote ({error}); let it label the clips again"
        ) from error
