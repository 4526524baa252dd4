"""Segments of a prediction that a person has looked at, in `vidfer review`, ELAN or Label Studio."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import Counter
from pathlib import Path

from vidfer.clips.annotations.prediction_rows import ANNOTATIONS, annotated_rows
from vidfer.clips.clip import Clip
from vidfer.clips.corrected import DROP, OK, corrected_label
from vidfer.clips.inputs import PREDICTION
from vidfer.clips.listing import this_listing
from vidfer.clips.media import is_image, list_folder
from vidfer.clips.root_checks import check_folder, wrong_root
from vidfer.clips.source import Source
from vidfer.errors import DataError
from vidfer.tables import Row, iterate_table, number, read_table

CORRECTIONS = "corrections.csv"
"""What people said of the segments, beside the tables of a prediction."""
FRAMES, SEGMENTS = "frames.csv", "segments.csv"
KEY = ("input", "face_id", "start_s", "end_s")
"""The columns that tell the segments of a prediction apart."""
COLUMNS = (*KEY, "path", "label", "corrected")

LAYOUT = f"the tables of `vidfer predict` and {CORRECTIONS} of `vidfer review`, or several such folders"

TOUCH_S = 0.002
"""Two segments that share no more time than this touch; ELAN counts milliseconds."""

Box = tuple[float, float, float, float]


def find_prediction_clips(root: Path) -> list[Clip]:
    """Lists the segments that a person has looked at, one clip each.

    The label is what the person said in ``vidfer review``, or in the files of ELAN and Label Studio in the
    folder ``annotations`` of the prediction, with the borders that they have there. Segments that nobody has
    looked at have none, nor have those of which a person only said that ``unsure`` is right; those that a
    person dropped are left out. ``box_hint`` is where the face was in the segment. A face of a film counts as
    a person of its own (``subject``).

    Raises:
        DataError: there is no prediction that was looked at, its tables cannot be read, a word is no
            expression, two people contradict each other, or a film is gone.
    """
    check_folder(root, LAYOUT)
    folders = [root] if (root / PREDICTION).is_file() else []
    folders = folders or [one for one in list_folder(root) if (one / PREDICTION).is_file()]
    if not folders:
        raise wrong_root(root, lambda folder: (folder / PREDICTION).is_file(), LAYOUT)
    about = {one: _about(one) for one in folders}
    said = {one: _rows_of(one, *about[one]) for one in folders}
    reviewed = [one for one, rows in said.items() if rows]
    if not reviewed:
        raise DataError(
            f"nobody has looked at the prediction in {folders[0]} yet; run `vidfer review {folders[0]}`, or "
            f"correct ELAN's files of `vidfer predict --elan` in {folders[0] / ANNOTATIONS}, or put an "
            "export of Label Studio there"
        )
    clips = [
        clip
        for one in reviewed
        for clip in _clips_of(one, "" if one == root else one.name, said[one], about[one][0])
    ]
    if not clips:
        raise DataError(
            f"every segment of {reviewed[0]} was dropped, in {CORRECTIONS} or {ANNOTATIONS}/; nothing is "
            "left to learn from"
        )
    this_listing(root).note(
        "each face of each film counts as a person of its own; if somebody is in several films, say so with "
        "`vidfer relabel` and its column subject, so that no split shows the same person on both sides"
    )
    return clips


def _rows_of(folder: Path, classes: tuple[str, ...], paths: dict[str, str]) -> list[Row]:
    """The segments of a prediction with the words of people; empty if nobody has said anything."""
    drawn = annotated_rows(folder, paths, classes)
    if (folder / CORRECTIONS).is_file():
        rows = read_table(folder / CORRECTIONS, COLUMNS)
    elif drawn:
        rows = [
            Row(row | {"path": paths.get(row["input"], ""), "corrected": ""}, row.where)
            for row in read_table(folder / SEGMENTS, (*KEY, "label"))
        ]
    else:
        return []
    of_face: dict[tuple[str, str], list[Row]] = {}
    for row in drawn:
        before = of_face.setdefault(_face(row), [])
        same = [one for one in before if _shared_s(row, one) > TOUCH_S]
        _check_agree(row, same, classes)
        length_s = _number(row, "end_s") - _number(row, "start_s")
        if not any(_shared_s(row, one) >= length_s - TOUCH_S for one in same):  # not said in two files
            before.append(row)
    kept = []
    for row in rows:
        same = [one for one in of_face.get(_face(row), ()) if _shared_s(row, one) > TOUCH_S]
        _check_agree(row, same, classes)
        if not same:
            kept.append(row)
    return kept + [row for found in of_face.values() for row in found]


def _face(row: Row) -> tuple[str, str]:
    return row["input"], row["face_id"]


def _shared_s(one: Row, other: Row) -> float:
    """Seconds that both last; below 0 where there are none."""
    start_s = max(_number(row, "start_s") for row in (one, other))
    end_s = min(_number(row, "end_s") for row in (one, other))
    return end_s - start_s


def _check_agree(row: Row, drawn: list[Row], classes: tuple[str, ...]) -> None:
    """What people said of one time of one face in two places must be the same."""
    for one in drawn:
        if row["corrected"] and _label_of(row, classes) != _label_of(one, classes):
            raise DataError(
                f"{row.where} says '{row['corrected']}', and {one.where} says '{one['corrected']}' of the "
                "same time; correct one of them"
            )


def _label_of(row: Row, classes: tuple[str, ...]) -> str | None:
    """The class that a person means, :data:`DROP`, or None."""
    word = row["corrected"]
    if not word or (word.lower() == OK and row["label"] not in classes):
        return None
    return corrected_label(word, row["label"], classes, row.where)


def _clips_of(folder: Path, name: str, rows: list[Row], classes: tuple[str, ...]) -> list[Clip]:
    said: Counter[str] = Counter()
    boxes = _boxes(folder / FRAMES, rows)
    clips = []
    for place, row in enumerate(rows):
        label = _label_of(row, classes)
        said["dropped" if label == DROP else "labelled" if label else "without a label"] += 1
        if label == DROP:
            continue
        path = Path(row["path"])
        if not path.exists():
            raise DataError(f"{row.where}: {path} is gone; put the film back, or correct its path there")
        start_s, end_s = _number(row, "start_s"), _number(row, "end_s")
        whole = is_image(path) or end_s <= start_s
        person = "/".join(filter(None, (name, f"{row['input']}#{row['face_id']}")))
        clips.append(
            Clip(
                id=f"{person}@{row['start_s']}-{row['end_s']}",
                path=path,
                label=label,
                subject=person,
                start_s=None if whole else start_s,
                end_s=None if whole else end_s,
                box_hint=boxes.get(place),
                source="prediction",
            )
        )
    found = ", ".join(f"{n} {what}" for what, n in said.items())
    this_listing(folder).note(f"segments of {folder}: {found}")
    return clips


def _about(folder: Path) -> tuple[tuple[str, ...], dict[str, str]]:
    """The expressions of a prediction, and where each of its inputs was read."""
    file = folder / PREDICTION
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        paths = {str(one["name"]): str(one["path"]) for one in content.get("inputs", ())}
        return tuple(map(str, content["classes"])), paths
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{file} is damaged ({error!r}); predict again into another folder") from error


def _boxes(table: Path, rows: list[Row]) -> dict[int, Box]:
    """The mean box of the face in each segment that has one: x1, y1, x2, y2 in pixels."""
    spans: dict[tuple[str, str], list[tuple[float, float, int]]] = {}
    for place, row in enumerate(rows):
        span = (_number(row, "start_s"), _number(row, "end_s"), place)
        spans.setdefault((row["input"], row["face_id"]), []).append(span)
    for of_face in spans.values():
        of_face.sort()  # where two overlap, the later one has the frames
    sums: dict[int, list[float]] = {}
    for row in iterate_table(table, ("input", "face_id", "timestamp", "x", "y", "width", "height")):
        of_face = spans.get((row["input"], row["face_id"]), [])
        if not of_face:  # nobody is seen in this frame
            continue
        time_s = _number(row, "timestamp")
        start_s, end_s, place = of_face[bisect_right(of_face, time_s, key=lambda span: span[0]) - 1]
        if start_s <= time_s < end_s or time_s == start_s:
            x, y, width, height = (_number(row, name) for name in ("x", "y", "width", "height"))
            kept = sums.setdefault(place, [0.0] * 5)
            for at, value in enumerate((x, y, x + width, y + height, 1.0)):
                kept[at] += value
    return {place: tuple(value / kept[4] for value in kept[:4]) for place, kept in sums.items()}


def _number(row: Row, column: str) -> float:
    try:
        return number(row[column])
    except ValueError as error:
        raise DataError(
            f"{row.where} has {column} '{row[column]}', which is no number; put it back"
        ) from error


PREDICTION_SEGMENTS = Source(
    find=find_prediction_clips,
    layout=f"tables of `vidfer predict`, and {CORRECTIONS} or corrected files in {ANNOTATIONS}/; or a folder "
    "of such predictions",
    labels="what people said in `vidfer review`, ELAN or Label Studio",
    size="yours",
    licence="yours",
    marks=(PREDICTION, CORRECTIONS),
)
