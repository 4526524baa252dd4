"""Pseudo-labels: the teacher's labels of unlabelled clips with people's corrections, and their file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from vidfer.clips.corrected import DROP
from vidfer.errors import RunError
from vidfer.files import write_json
from vidfer.infer.predict import Predictions
from vidfer.names import Ids
from vidfer.store.reader import CropCache
from vidfer.tables import number, read_table, write_table

COLUMNS = ("clip", "corrected", "label", "confidence", "weight", "has_face", "path", "start_s", "end_s")
"""Of the CSV file; a column ``p_<class>`` for each class follows."""

NO_HUMAN_LABEL, DROPPED = -1, -2
"""In place of a class number: nobody has corrected the clip, or somebody has dropped it."""


@dataclass(frozen=True, kw_only=True)
class PseudoLabels:
    """A teacher's labels of M clips, in the order of the cache, and what a student learns from them."""

    clip_ids: tuple[str, ...]
    probabilities: np.ndarray
    """(M, C) float32."""
    has_face: np.ndarray
    """(M,) bool; a clip without a face is listed, but the student never learns from it."""
    weights: np.ndarray
    """(M,) int64: how often the student sees the clip in an epoch; 0 leaves it out."""
    classes: tuple[str, ...]
    teacher_hash: str
    """Hash of the teacher's checkpoint."""
    cache_hash: str
    """Content hash of the cache with the clips."""
    media: tuple[tuple[str, float | None, float | None], ...] = ()
    """(M,) path of the video, and start and end of the clip in it in seconds, for people who look at it."""
    corrections: Mapping[str, str] = field(default_factory=dict)
    """Clip id -> what a person has said: a class, or :data:`DROP`."""
    inherited_corrections: Mapping[str, str] = field(default_factory=dict)
    """Corrections from earlier tables. They say nothing about this teacher, who may have learned from them.
    A person may have changed or deleted them in this round."""

    @property
    def confidence(self) -> np.ndarray:
        """(M,) the teacher's highest probability."""
        return self.probabilities.max(axis=1)

    @property
    def labels(self) -> np.ndarray:
        """(M,) the class with that probability."""
        return self.probabilities.argmax(axis=1)

    @property
    def human_labels(self) -> np.ndarray:
        """(M,) the class that a person has given, or :data:`NO_HUMAN_LABEL`, or :data:`DROPPED`."""
        numbers = {name: i for i, name in enumerate(self.classes)} | {DROP: DROPPED}
        words = (self.corrections.get(clip) for clip in self.clip_ids)
        return np.array([NO_HUMAN_LABEL if word is None else numbers[word] for word in words], dtype=np.int64)

    @property
    def final(self) -> np.ndarray:
        """(M,) the class to learn: a person's if there is one, otherwise the teacher's."""
        human = self.human_labels
        return np.where(human >= 0, human, self.labels)


def from_predictions(
    predictions: Predictions, cache: CropCache, classes: tuple[str, ...], teacher_hash: str
) -> PseudoLabels:
    """Pseudo-labels from a teacher's predictions; no clip is selected or corrected yet."""
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
    """Write a CSV file with a row per clip, and everything else into a ``.json`` of the same name.

    Clips that the student learns from come first; apart from that the order is random. So a person who checks
    the rows from the top sees a fair sample. Columns that a person has added to the table stay in it.

    Args:
        labels: to write, with all clips, also those that are left out.
        path: of the CSV file.
        selection: the settings that led to the weights (threshold, quota ...), for readers of the file.
    """
    about = {
        "classes": list(labels.classes),
        "teacher_hash": labels.teacher_hash,
        "cache_hash": labels.cache_hash,
        "selection": selection,
        "corrections": dict(labels.corrections),
        "inherited_corrections": dict(labels.inherited_corrections),
    }
    columns = [*COLUMNS, *(f"p_{name}" for name in labels.classes)]
    written = read_table(path, ["clip"]) if path.exists() else []
    ids = Ids(labels.clip_ids)
    before = {ids.place(row["clip"]): row for row in written}
    added = [name for name in (written[0] if written else ()) if name and name not in columns]
    header, rows = [*columns, *added], []
    order = [hashlib.sha256(clip.encode()).digest() for clip in labels.clip_ids]
    for i in sorted(range(len(order)), key=lambda i: (labels.weights[i] == 0, order[i])):
        clip, p = labels.clip_ids[i], labels.probabilities[i]
        place = labels.media[i] if labels.media else ("", None, None)
        row = before.get(i, {}) | dict(zip(COLUMNS[-3:], place))
        row |= {"clip": clip, "corrected": labels.corrections.get(clip, "")}
        row |= {"label": labels.classes[p.argmax()], "weight": labels.weights[i]}
        row |= {"has_face": int(labels.has_face[i]), "confidence": f"{p.max():.4f}"}
        # Nine digits are enough to read back the same float32.
        row |= {f"p_{name}": f"{value:.9g}" for name, value in zip(labels.classes, p)}
        rows.append([row.get(name, "") for name in header])
    write_table(path, header, rows)
    write_json(path.with_suffix(".json"), about)


def read_about(path: Path) -> dict:
    """Read the ``.json`` of a table: classes, teacher, selection, and the corrections it was written with.

    The file may be missing after a kill, or if a person made the table; then there are no corrections.

    Raises:
        RunError: the file is damaged.
    """
    file = path.with_suffix(".json")
    try:
        about = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        if "carried" in about:  # as it was called before
            about["inherited_corrections"] = about.pop("carried")
        return {"corrections": {}, "inherited_corrections": {}} | about
    except (OSError, ValueError, TypeError) as error:
        raise RunError(f"cannot read {file} ({error}); remove it and {path.name} beside it") from error


def read_pseudo_labels(path: Path) -> PseudoLabels:
    """Read what :func:`write_pseudo_labels` wrote, with the clips in the order of their ids.

    The corrections are those that the table was written with, not those that a person has added since.

    Raises:
        DataError: the table is missing, or is no table.
        RunError: the ``.json`` is missing, or one of the files was changed.
    """
    about = read_about(path)
    try:
        rows = sorted(read_table(path, ("clip", "weight", "has_face")), key=lambda row: row["clip"])
        classes = tuple(about["classes"])
        probabilities = [[number(row[f"p_{name}"]) for name in classes] for row in rows]
        if any(abs(sum(p) - 1) > 0.01 for p in probabilities):
            raise ValueError("the probabilities do not add up to 1: a spreadsheet may have changed them")
        return PseudoLabels(
            clip_ids=tuple(row["clip"] for row in rows),
            probabilities=np.array(probabilities, dtype=np.float32).reshape(len(rows), len(classes)),
            has_face=np.array([{"0": False, "1": True}[row["has_face"]] for row in rows], dtype=bool),
            weights=np.array([row["weight"] for row in rows], dtype=np.int64),
            classes=classes,
            teacher_hash=about["teacher_hash"],
            cache_hash=about["cache_hash"],
            corrections=about["corrections"],
            inherited_corrections=about["inherited_corrections"],
        )
    except (KeyError, ValueError) as error:
        raise RunError(
            f"{path}, or {path.with_suffix('.json').name} beside it, is not as `vidfer train noisy_student` "
            f"wrote it ({error}); let the recipe label the clips again"
        ) from error
