"""Label Studio's files: tasks with predictions to import, the labelling configuration, and its JSON export.

A task is one person in one video. A range on the timeline (``TimelineLabels``) is an expression, and a box
(``VideoRectangle``) shows who is meant. Formats: Label Studio's documentation, "Import pre-annotated data",
tags TimelineLabels, VideoRectangle and Video.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from urllib.parse import quote
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from vidfer.clips.annotations.frame_clock import FrameClock
from vidfer.clips.annotations.interval import MACHINE, VOCABULARY_WORDS, Interval, xml_text
from vidfer.clips.clip import plain_text
from vidfer.files import write_json, write_text

CONTROL, FACE, BOX, OBJECT = "expression", "who", "box", "video"
"""Names of the tags in the labelling configuration."""

FACE_LABEL = "face"
"""The label of a box that only shows who is meant."""

LOCAL_FILES = "/data/local-files/?d="
"""How Label Studio addresses a file below its LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT."""

COLOURS = ("#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7A5195", "#8C8C8C")
"""After Okabe and Ito (2008): annotators with any colour vision can tell them apart."""

KEYS = "1234567890qwertyuiopasdfghjkl"


@dataclass(frozen=True, kw_only=True)
class Box:
    """Where a face is in one frame, as shares of the frame's width and height, in [0, 1]."""

    time_s: float
    x: float
    y: float
    width: float
    height: float
    seen: bool = True
    """False: from here on, until the next box, the face is not seen."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """One person in one video."""

    media: Path
    name: str
    """How vidfer calls the video, wherever people move it."""
    person: str
    intervals: Sequence[Interval]
    clock: FrameClock
    frames: int = 0
    """Real frames of the video; 0 if unknown."""
    duration_s: float = 0.0
    boxes: Sequence[Box] = field(default_factory=tuple)


def write_label_studio(
    path: Path,
    tasks: Sequence[Task],
    classes: Sequence[str],
    *,
    root: Path | None = None,
    words: Mapping[str, str] = VOCABULARY_WORDS,
) -> Path:
    """Writes tasks to import, and beside them the labelling configuration as ``.xml`` of the same name.

    Args:
        path: of the ``.json`` to write.
        tasks: with the labels as predictions.
        classes: the expressions that an annotator may choose.
        root: the folder that Label Studio serves videos from; if not given, the one around the folder that
            all videos share.
        words: what else may be chosen.

    Returns:
        the folder to serve videos from: LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT.

    Raises:
        DiskError: the disk is full. The files are as they were.
    """
    root = root or served_folder([task.media for task in tasks])
    write_json(path, [_task(task, root) for task in tasks])
    labels = [one.label for task in tasks for one in task.intervals]
    write_text(
        path.with_suffix(".xml"), configuration([*dict.fromkeys((*classes, *sorted(set(labels)), *words))])
    )
    return root


def served_folder(media: Sequence[Path]) -> Path:
    """The folder around the one that all videos share: Label Studio serves no file that lies directly in its
    document root."""
    folders = [one.absolute().parent for one in media]
    if not folders:
        return Path.cwd()
    shared = folders[0]
    while not all(folder.is_relative_to(shared) for folder in folders):
        shared = shared.parent
    return shared.parent


def configuration(labels: Sequence[str]) -> str:
    """The labelling configuration for the project: a video, its timeline, and boxes that show who is meant.

    Args:
        labels: what an annotator may choose; the first ones have keys.
    """
    view = Element("View")
    SubElement(view, "Header", {"value": "Person: $person", "size": "4"})
    of_video = {"value": "$video", "frameRate": "$fps", "timelineHeight": "120"}
    SubElement(view, "Video", {"name": OBJECT, **of_video})
    timeline = SubElement(view, "TimelineLabels", {"name": CONTROL, "toName": OBJECT})
    for number, label in enumerate(labels):
        entry = {"value": xml_text(label), "background": COLOURS[number % len(COLOURS)]}
        key = {"hotkey": KEYS[number]} if number < len(KEYS) else {}
        SubElement(timeline, "Label", {**entry, **key})
    face = SubElement(view, "Labels", {"name": FACE, "toName": OBJECT})
    SubElement(face, "Label", {"value": FACE_LABEL, "background": "#FFFFFF"})
    SubElement(view, "VideoRectangle", {"name": BOX, "toName": OBJECT})
    indent(view)
    return tostring(view, encoding="unicode") + "\n"


def _task(task: Task, root: Path) -> dict:
    place = task.media.absolute()
    address = (
        place.relative_to(root.absolute()) if place.is_relative_to(root.absolute()) else PurePath(place.name)
    )
    data = {
        "video": LOCAL_FILES + quote(address.as_posix(), errors="surrogateescape"),
        "name": plain_text(task.name),
        "person": plain_text(task.person),
        "fps": task.clock.rate,
    }
    clock = task.clock.knowing(time_s for one in task.intervals for time_s in (one.start_s, one.end_s))
    if clock.times_s:
        data["times_s"] = list(clock.times_s)
    results = [_range(one, number, clock) for number, one in enumerate(task.intervals, start=1)]
    results += [_rectangle(task)] if task.boxes else []
    prediction = {"model_version": MACHINE, "result": results}
    sure = [one.probability for one in task.intervals if one.probability is not None]
    if sure:
        prediction["score"] = round(sum(sure) / len(sure), 4)
    return {"data": data, "predictions": [prediction]}


def _range(interval: Interval, number: int, clock: FrameClock) -> dict:
    first, last = clock.numbers(interval.start_s, interval.end_s)
    found = {
        "id": f"label{number}",
        "from_name": CONTROL,
        "to_name": OBJECT,
        "type": "timelinelabels",
        "value": {
            "ranges": [{"start": first, "end": last}],
            "timelinelabels": [plain_text(interval.label)],
        },
    }
    return found if interval.probability is None else {**found, "score": round(interval.probability, 4)}


def _rectangle(task: Task) -> dict:
    """The boxes of the person. Label Studio moves the box evenly from one to the next."""
    rate = task.clock.rate
    sequence: dict[int, dict] = {}
    for box in task.boxes:
        frame = task.clock.numbers(box.time_s, box.time_s)[0]
        place = {"x": box.x, "y": box.y, "width": box.width, "height": box.height}
        percent = {name: round(100 * value, 3) for name, value in place.items()}
        sequence[frame] = {
            "frame": frame,
            "enabled": box.seen,
            "rotation": 0,
            **percent,
            "time": frame / rate,
        }
    return {
        "id": "face",
        "from_name": BOX,
        "to_name": OBJECT,
        "type": "videorectangle",
        "value": {
            "framesCount": max(round(task.duration_s * rate), *sequence),
            "duration": task.duration_s,
            "sequence": [sequence[frame] for frame in sorted(sequence)],
            "labels": [FACE_LABEL],
        },
    }
