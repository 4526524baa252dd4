"""Reads what annotators have done in Label Studio, from its JSON export."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from vidfer.clips.annotations.frame_clock import FrameClock
from vidfer.clips.annotations.interval import Interval
from vidfer.clips.annotations.label_studio import FACE_LABEL
from vidfer.clips.annotations.safe_xml import read_bounded
from vidfer.errors import DataError

LARGEST_BYTES = 512 << 20

AGAIN = "in Label Studio choose Export, JSON"


def read_label_studio(path: Path) -> list[Interval]:
    """Reads the submitted annotations of an export.

    Predictions, drafts and skipped tasks are left out: nobody has said that they are right. A box of a face
    that only shows who is meant is left out, too.

    Raises:
        DataError: the file is no JSON export of Label Studio, a task does not say its frame rate, or a range
            has no label, several labels, or no frames.
    """
    try:
        tasks = json.loads(read_bounded(path, LARGEST_BYTES))
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} is not JSON, or is cut off ({error}); {AGAIN}") from error
    if not isinstance(tasks, list) or not all(isinstance(task, dict) and "data" in task for task in tasks):
        raise DataError(f"{path} is not the JSON export of Label Studio (a list of tasks with data); {AGAIN}")
    return [interval for task in tasks for interval in _read_task(task, path)]


def _read_task(task: dict, path: Path) -> Iterator[Interval]:
    where = f"task {task.get('id', '?')} of {path}"
    try:
        data, annotations = task["data"], task.get("annotations") or []
        for annotation in annotations:
            if annotation.get("was_cancelled"):
                continue
            who = annotation.get("completed_by")
            who = who.get("email") or who.get("id") if isinstance(who, Mapping) else who
            results = annotation.get("result") or []
            for result in results:
                yield from _read_result(result, data, results, f"annotator {who}", where)
    except (TypeError, AttributeError, KeyError, ValueError, OverflowError) as error:
        fault = f"{type(error).__name__}: {error}"
        raise DataError(f"{where} is not as Label Studio writes it ({fault}); {AGAIN}") from error


def _read_result(result: dict, data: dict, results: list, by: str, where: str) -> Iterator[Interval]:
    kind, value = result["type"], result.get("value") or {}
    if kind == "timelinelabels" and "ranges" in value:  # without ranges it is the shadow of a box
        labels = value.get("timelinelabels") or []
        spans = [(one["start"], one["end"]) for one in value["ranges"]]
    elif kind == "videorectangle" and value.get("labels") != [FACE_LABEL]:
        labels, spans = value.get("labels") or [], [*_seen(value)]
    else:
        return
    place = f"region {result.get('id', '?')} of {where}"
    if len(labels) != 1:
        raise DataError(
            f"{place} has {len(labels) or 'no'} labels; give it one in Label Studio, or delete it"
        )
    clock = _clock(data, results, where)
    for first, last in spans:
        if not (isinstance(first, int) and isinstance(last, int) and 1 <= first <= last):
            raise DataError(
                f"{place} lasts from frame {first} to {last}; Label Studio counts from 1. Draw it again"
            )
        start_s, end_s = clock.seconds(first, last)
        yield Interval(
            media=str(data.get("name") or _address(data, where)),
            address=_address(data, where),
            tier=str(data.get("person") or ""),
            start_s=start_s,
            end_s=end_s,
            label=str(labels[0]).strip(),
            by=by,
            where=f"{place} (frames {first} to {last})",
        )


def _seen(value: dict) -> Iterator[tuple[int, int]]:
    """First and last frame of each stretch in which a box is seen."""
    start = None
    for key in sorted(value["sequence"], key=lambda one: one["frame"]):
        if start is None and key["enabled"]:
            start = key["frame"]
        elif start is not None and not key["enabled"]:
            yield start, key["frame"]
            start = None
    if start is not None:
        yield start, max(start, int(value.get("framesCount") or start))


def _clock(data: dict, results: list, where: str) -> FrameClock:
    rate = data.get("fps")
    if rate is None:  # a box says which time its frame has
        keys = [key for one in results for key in (one.get("value") or {}).get("sequence") or ()]
        rate = next((key["frame"] / key["time"] for key in keys if key.get("time")), None)
    if rate is None:
        raise DataError(
            f"{where} does not say at how many frames per second Label Studio counted; add fps to the data "
            f"of the task (the frameRate of the tag Video, 24 if it has none)"
        )
    rate, times_s = float(rate), tuple(float(t) for t in data.get("times_s") or ())
    # Label Studio takes a rate below 1 for the seconds that a frame lasts.
    rate = 1 / rate if 0 < rate < 1 else rate
    if not 0 < rate < math.inf or list(times_s) != sorted(times_s):
        raise DataError(
            f"{where} has the frame rate {data.get('fps')}, or times out of order; correct its data"
        )
    return FrameClock(rate=rate, times_s=times_s)


def _address(data: dict[str, Any], where: str) -> str:
    """The path that the address of a task's video names."""
    address = data.get("video")
    if not isinstance(address, str) or not address:
        raise DataError(f"{where} has no video in its data; name it 'video' there")
    parts = urlsplit(address)
    return parse_qs(parts.query).get("d", [unquote(parts.path)])[0]
