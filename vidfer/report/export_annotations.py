"""The labels of a prediction, for annotation programs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from vidfer.clips.annotations.frame_clock import frame_clock
from vidfer.clips.annotations.interval import Interval
from vidfer.clips.annotations.label_studio import Box
from vidfer.errors import DataError
from vidfer.infer.moment import Moment
from vidfer.infer.prediction_folder import PredictedInput, PredictionFolder
from vidfer.report.annotation_files import Film, Written, write_films
from vidfer.tables import iterate_table, number

SEGMENT_COLUMNS = ("input", "face_id", "start_s", "end_s", "label", "probability")

MOVED = 0.02
"""A box is kept where it has moved by this share of the frame since the last one that was kept."""


def export_prediction(
    prediction: PredictionFolder,
    out: Path | None = None,
    *,
    elan: bool = False,
    textgrid: bool = False,
    label_studio: bool = False,
) -> Written:
    """Writes the segments of every video of a prediction for annotation programs.

    Images, and inputs that could not be read, are left out.

    Args:
        prediction: a folder of ``vidfer predict``, with its tables.
        out: the folder for the files; by default that of the prediction.
        elan, textgrid, label_studio: see :func:`vidfer.report.annotation_files.write_films`.

    Raises:
        DataError: a table cannot be read.
        DiskError: the disk is full. Files that are there are complete.
    """
    segments = read_segments(prediction.segments_csv)
    films = [
        _film(prediction, one, segments.get(one.name, []), with_frames=label_studio)
        for one in prediction.inputs
        if one.state != "failed" and one.n_frames > 1
    ]
    kinds = {"elan": elan, "textgrid": textgrid, "label_studio": label_studio}
    return write_films(films, prediction.classes, out or prediction.folder, **kinds)


def read_segments(table: Path) -> dict[str, list[Interval]]:
    """The segments of each input, in the order of the table.

    Raises:
        DataError: the table cannot be read, lacks a column, or a cell is no number.
    """
    found: dict[str, list[Interval]] = {}
    for row in iterate_table(table, SEGMENT_COLUMNS):
        try:
            interval = Interval(
                media=row["input"],
                tier=f"face {int(row['face_id'])}",
                start_s=number(row["start_s"]),
                end_s=number(row["end_s"]),
                label=row["label"],
                probability=number(row["probability"]) if row["probability"] else None,
                where=row.where,
            )
        except ValueError as error:
            raise DataError(
                f"{row.where}: a cell is no number ({error}); predict again into another folder"
            ) from error
        if interval.label and interval.end_s > interval.start_s:
            found.setdefault(row["input"], []).append(interval)
    return found


def _film(
    prediction: PredictionFolder, one: PredictedInput, segments: Sequence[Interval], *, with_frames: bool
) -> Film:
    ordered = sorted(segments, key=lambda each: (int(each.tier.split()[1]), each.start_s))
    times_s, boxes = _frames(prediction.moments(one.name), one) if with_frames else ([], {})
    return Film(
        media=Path(one.path),
        name=one.name,
        intervals=ordered,
        duration_s=max([one.duration_s, *(each.end_s for each in segments)]),
        clock=frame_clock(times_s),
        boxes=boxes,
    )


def _frames(
    frames: Iterable[Sequence[Moment]], one: PredictedInput
) -> tuple[list[float], dict[str, list[Box]]]:
    """The time of each frame, and for each person the boxes that show the way of the face."""
    times_s: list[float] = []
    kept: dict[str, list[Box]] = {}
    last: dict[str, Box] = {}
    for moments in frames:
        times_s += [moment.time_s for moment in moments[:1]]
        seen = {f"face {moment.face_id}": moment for moment in moments if moment.has_face}
        for tier in last.keys() - seen.keys():
            _end(kept[tier], last.pop(tier))
        for tier, moment in seen.items():
            if not (one.width and one.height):
                continue
            box = _box(moment, one)
            if tier not in last or _distance(kept[tier][-1], box) > MOVED:
                kept.setdefault(tier, []).append(box)
            last[tier] = box
    for tier, box in last.items():
        _end(kept[tier], box)
    return times_s, kept


def _box(moment: Moment, one: PredictedInput) -> Box:
    x1, y1, x2, y2 = (float(value) for value in moment.box_xyxy)
    return Box(
        time_s=moment.time_s,
        x=x1 / one.width,
        y=y1 / one.height,
        width=(x2 - x1) / one.width,
        height=(y2 - y1) / one.height,
    )


def _distance(a: Box, b: Box) -> float:
    return max(abs(a.x - b.x), abs(a.y - b.y), abs(a.width - b.width), abs(a.height - b.height))


def _end(kept: list[Box], box: Box) -> None:
    """After this box the face is not seen."""
    if kept[-1].time_s == box.time_s:
        kept.pop()
    place = {name: getattr(box, name) for name in ("time_s", "x", "y", "width", "height")}
    kept.append(Box(**place, seen=False))
