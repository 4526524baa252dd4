"""What a person sees of each pseudo-labelled clip in a review: faces from the cache, no video is needed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from vidfer.errors import RunError
from vidfer.learn.review_table import ReviewTable
from vidfer.learn.round_table import RoundTable, confidence
from vidfer.tables import number

FRAMES = 24
"""A clip is shown with so many faces, one after the other."""

FACE_PX = 192
"""Side of a face in the picture."""

JPEG_QUALITY = 88

Order = Literal["unsure", "table"]


@dataclass(frozen=True, kw_only=True)
class Item:
    """One clip to be looked at."""

    row: int
    """Its row in the table."""
    title: str
    """The name of the clip."""
    detail: str
    """Where it lies in its video."""
    label: str
    """The teacher's."""
    confidence: float
    probabilities: tuple[float, ...]
    """Of each class; empty where the table does not have them."""


class RoundReview:
    """A round of pseudo-labels as a list of clips to be looked at.

    Args:
        table: the round.
        order: the clips of which the teacher is least sure first; or the order of the table, in which clips
            are drawn at random, so that what people say is a fair sample.

    Raises:
        RunError: a number in the table is damaged, or no clip shows a face.
    """

    def __init__(self, table: RoundTable, order: Order = "unsure") -> None:
        self.table, self.classes = table, table.classes
        self.words = ReviewTable(table.path, table.classes)
        found = [
            self._item(number)
            for number, row in enumerate(self.words.rows)
            if row["has_face"] == "1" and table.cache.clips[table.places[number]].n_faces
        ]
        if not found:
            raise RunError(f"no clip in {table.path} shows a face, so there is nothing to look at")
        self.items = sorted(found, key=lambda item: item.confidence) if order == "unsure" else found

    @property
    def path(self) -> Path:
        """The table that is written."""
        return self.words.path

    @property
    def title(self) -> str:
        run = self.table.path.parent.parent.resolve()
        return f"{run.name}, round {self.table.number}"

    def _item(self, number_of_row: int) -> Item:
        row = self.words.rows[number_of_row]
        clip = self.table.cache.clips[self.table.places[number_of_row]]
        try:
            shares = tuple(number(row[f"p_{name.lower()}"]) for name in self.classes)
        except (KeyError, ValueError):
            shares = ()
        span = "" if clip.start_s is None and clip.end_s is None else _span(clip.start_s or 0.0, clip.end_s)
        named = clip.path if clip.path not in clip.id else ""
        return Item(
            row=number_of_row,
            title=clip.id,
            detail=", ".join(filter(None, (named, span, clip.subject and f"subject {clip.subject}"))),
            label=row["label"],
            confidence=confidence(row),
            probabilities=shares,
        )

    def sheet(self, place: int) -> bytes:
        """The faces of an item side by side, evenly spread over the frames in which a face is seen.

        Args:
            place: in :attr:`items`.

        Returns:
            a JPEG, :data:`FACE_PX` high, with at most :data:`FRAMES` square faces.

        Raises:
            CacheError: the cache is damaged.
        """
        cache, index = self.table.cache, self.table.places[self.items[place].row]
        seen = np.flatnonzero(cache.frames(index).status > 0)
        chosen = seen[np.linspace(0, len(seen) - 1, min(FRAMES, len(seen))).round().astype(int)]
        faces = cache.read(index, chosen.tolist(), regions=("face",))[:, 0].transpose(0, 2, 3, 1)
        return faces_jpeg(list(faces))


def faces_jpeg(faces: list[np.ndarray]) -> bytes:
    """Faces side by side as a JPEG. ``faces``: (S, S, 3) uint8 RGB each."""
    grown = cv2.INTER_AREA if faces[0].shape[0] > FACE_PX else cv2.INTER_CUBIC
    row = np.hstack([cv2.resize(face, (FACE_PX, FACE_PX), interpolation=grown) for face in faces])
    done, coded = cv2.imencode(
        ".jpg", cv2.cvtColor(row, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    )
    assert done, "24 faces of 192 px are not too wide for a JPEG"
    return coded.tobytes()


def _span(start_s: float, end_s: float | None) -> str:
    return f"from {start_s:.2f} s" + ("" if end_s is None else f" to {end_s:.2f} s")
