"""What a person sees of each segment of a prediction in a review: faces from the video, along the way."""

from __future__ import annotations

from array import array
from pathlib import Path

import cv2
import numpy as np

from vidfer.clips.sources.prediction import CORRECTIONS, KEY
from vidfer.crops.decode.unreadable_video import UnreadableVideo
from vidfer.crops.decode.video import read_chunks
from vidfer.errors import DataError, RunError
from vidfer.infer.prediction_folder import PredictionFolder
from vidfer.learn.review_table import ReviewTable
from vidfer.report.review_clips import FRAMES, Item, Order, faces_jpeg
from vidfer.tables import Row, number, read_table, write_table

COLUMNS = (*KEY, "path", "label", "corrected", "probability")

AROUND = 1.3
"""Side of what is shown, as a multiple of the longer side of the box of the face."""

NEAR_S = 0.05
"""A frame shows the face where it was seen within this time."""


class PredictionReview:
    """The segments of a prediction as a list to be looked at.

    What people say goes into ``corrections.csv`` in the folder of the prediction, a row per segment. It is
    made from ``segments.csv`` when the first review begins.

    Args:
        prediction: a folder of ``vidfer predict``.
        order: the least probable segments first, or the order of the table.

    Raises:
        DataError: a table cannot be read, or a cell is no number.
        RunError: ``corrections.csv`` is of other segments, or there is no segment at all.
    """

    def __init__(self, prediction: PredictionFolder, order: Order = "unsure") -> None:
        self.prediction, self.classes = prediction, prediction.classes
        self._paths = {one.name: one.path for one in prediction.inputs}
        self.path = prediction.folder / CORRECTIONS
        segments = read_table(prediction.segments_csv, (*KEY, "label", "probability"))
        if not segments:
            raise RunError(f"{prediction.segments_csv} has no segment, so there is nothing to look at")
        self._make_table(segments)
        self.words = ReviewTable(self.path, self.classes, KEY)
        self._check_same(segments)
        self._seen = self._read_faces()
        found = [self._item(place, row) for place, row in enumerate(self.words.rows)]
        self.items = sorted(found, key=lambda item: item.confidence) if order == "unsure" else found

    @property
    def title(self) -> str:
        return f"{self.prediction.folder.resolve().name}, prediction"

    def _make_table(self, segments: list[Row]) -> None:
        if self.path.exists():
            return
        rows = (row | {"path": self._paths.get(row["input"], ""), "corrected": ""} for row in segments)
        write_table(self.path, COLUMNS, [[row[name] for name in COLUMNS] for row in rows])

    def _check_same(self, segments: list[Row]) -> None:
        """The table must be of these segments: a prediction that went on has others."""

        def keys(rows: list[Row]) -> list[tuple[str, ...]]:
            return sorted(tuple(row[name] for name in (*KEY, "label")) for row in rows)

        if keys(segments) != keys(self.words.rows):
            raise RunError(
                f"{self.path} is of other segments than {self.prediction.segments_csv.name} beside it; move "
                f"it to another place, and start the review again"
            )

    def _item(self, place: int, row: Row) -> Item:
        try:
            start_s, end_s = number(row["start_s"]), number(row["end_s"])
            sure = number(row["probability"]) if row["probability"] else 0.0
        except ValueError as error:
            raise DataError(f"{row.where}: a cell is no number ({error}); put it back") from error
        seen = self._faces_of(row)
        within = seen[(seen[:, 0] >= start_s) & (seen[:, 0] < max(end_s, start_s + 1e-6)), 5:]
        return Item(
            row=place,
            title=row["input"],
            detail=f"face {row['face_id']}, from {start_s:.2f} s to {end_s:.2f} s",
            label=row["label"],
            confidence=sure,
            probabilities=tuple(within.mean(0).tolist()) if len(within) else (),
        )

    def _read_faces(self) -> dict[tuple[str, str], np.ndarray]:
        """For each face of each input, (n, 5 + C): its times, boxes, and probabilities of the classes."""
        found: dict[tuple[str, str], array] = {}
        for moments in self.prediction.moments():
            for one in moments:
                if one.has_face:
                    kept = found.setdefault((one.input, str(one.face_id)), array("d"))
                    shares = (one.probabilities.get(name, 0.0) for name in self.classes)
                    kept.extend((one.time_s, *one.box_xyxy.tolist(), *shares))
        return {key: np.array(values).reshape(-1, 5 + len(self.classes)) for key, values in found.items()}

    def _faces_of(self, row: Row) -> np.ndarray:
        none = np.zeros((0, 5 + len(self.classes)))
        return self._seen.get((row["input"], row["face_id"]), none)

    def sheet(self, place: int) -> bytes:
        """The face of a segment side by side, evenly spread over the segment; see :class:`RoundReview`.

        Raises:
            RunError: the video is gone or cannot be read, or does not show this segment.
        """
        row = self.words.rows[self.items[place].row]
        start_s, end_s, video = number(row["start_s"]), number(row["end_s"]), Path(row["path"])
        seen = self._faces_of(row)
        times_s, boxes, faces = seen[:, 0], seen[:, 1:5], []
        try:
            span = {} if video.is_dir() or end_s <= start_s else {"start_s": start_s, "end_s": end_s}
            for chunk in read_chunks(video, max_frames=FRAMES, **span):
                for image, time_s in zip(chunk.images, chunk.times_s):
                    near = int(np.abs(times_s - time_s).argmin()) if len(times_s) else 0
                    if len(times_s) and abs(times_s[near] - time_s) <= NEAR_S:
                        faces.append(_cut(image, boxes[near]))
        except (UnreadableVideo, OSError) as error:
            if not faces:
                raise RunError(f"{video} cannot be read ({error}); put the video back") from error
        if not faces:
            raise RunError(f"{video} does not show face {row['face_id']} from {start_s:g} s to {end_s:g} s")
        return faces_jpeg(faces)


def _cut(image: np.ndarray, box: np.ndarray) -> np.ndarray:
    """A square around the face; what lies outside the picture is grey."""
    x1, y1, x2, y2 = box
    side = max(2, round(AROUND * max(x2 - x1, y2 - y1)))
    left, top = round((x1 + x2 - side) / 2), round((y1 + y2 - side) / 2)
    edge = side  # enough on every side, wherever the box lies near the picture
    grown = cv2.copyMakeBorder(image, edge, edge, edge, edge, cv2.BORDER_CONSTANT, value=(128, 128, 128))
    top, left = np.clip((top + edge, left + edge), 0, np.subtract(grown.shape[:2], side))
    return grown[top : top + side, left : left + side]
