"""Moments and folders of predictions, made up for tests of what is drawn after a prediction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from vidfer.infer.moment import UNSURE, Moment
from vidfer.infer.moment_table import FRAME_COLUMNS, column_of, row_of
from vidfer.infer.prediction_folder import PredictedInput, PredictionFolder
from vidfer.infer.summary import SEGMENT_COLUMNS, FilmSummary, clip_columns
from vidfer.tables import write_table

CLASSES = ("happy", "neutral", "sad", "surprise")


def moment(
    name: str,
    frame: int,
    time_s: float,
    face_id: int | None = None,
    label: str = "",
    *,
    box: Sequence[float] = (20, 20, 60, 70),
    sure: float = 0.9,
    classes: Sequence[str] = CLASSES,
    warnings: Sequence[str] = (),
) -> Moment:
    """A moment; without ``face_id`` nobody is seen. ``sure`` is the probability of the label."""
    if face_id is None:
        return Moment(input=name, frame=frame, time_s=time_s)
    rest = (1 - sure) / max(1, len(classes) - (label in classes))
    probabilities = {other: sure if other == label else rest for other in classes}
    if label == UNSURE:
        probabilities = {other: 1 / len(classes) for other in classes}
    return Moment(
        input=name,
        frame=frame,
        time_s=time_s,
        face_id=face_id,
        score=0.99,
        box_xyxy=np.array(box, np.float32),
        status="detected",
        label=label,
        probabilities=probabilities,
        face_px=60.0,
        sharpness=1.5,
        turn_deg=4.0,
        brightness=0.5,
        warnings=tuple(warnings),
    )


def film_of(
    name: str, people: Mapping[int, str], *, fps: float = 25, signs: Mapping[str, str] | None = None, **kwargs
) -> list[list[Moment]]:
    """The moments of a film, from a letter for each frame of each person.

    ``h``, ``n``, ``s``, ``u`` are the four expressions, ``?`` is unsure and a space is a frame without them.
    """
    signs = signs or {"h": "happy", "n": "neutral", "s": "sad", "u": "surprise", "?": UNSURE}
    n = max(map(len, people.values()))
    frames = []
    for i in range(n):
        seen = [
            moment(name, i + 1, i / fps, face, signs[row[i]], **kwargs)
            for face, row in people.items()
            if i < len(row) and row[i] != " "
        ]
        frames.append(seen or [moment(name, i + 1, i / fps)])
    return frames


def write_prediction(
    folder: Path,
    inputs: Mapping[Path, Iterable[Sequence[Moment]]],
    *,
    classes: Sequence[str] = CLASSES,
    settings: Mapping | None = None,
    **of_input,
) -> PredictionFolder:
    """Write ``frames.csv`` and ``predict.json``; the name of an input in its moments is that of its file."""
    rows, listed = [], []
    for path, frames in inputs.items():
        frames = list(frames)
        moments = [one for seen in frames for one in seen]
        rows += [row_of(one, classes) for one in moments]
        listed.append(
            PredictedInput(
                name=moments[0].input if moments else path.name,
                path=str(path),
                state="done" if moments else "failed",
                reason="" if moments else "not a video",
                n_frames=len(frames),
                n_people=len({one.face_id for one in moments} - {None}),
                duration_s=moments[-1].time_s if moments else 0.0,
                **of_input,
            )
        )
    write_table(folder / "frames.csv", (*FRAME_COLUMNS, *map(column_of, classes)), rows)
    written = PredictionFolder(
        folder=folder,
        classes=tuple(classes),
        model={"name": "made up", "hash": "0" * 64, "kind": "network", "threshold": 0.4},
        settings=dict(settings or {}),
        inputs=tuple(listed),
    )
    written.write()
    return written


def write_all_tables(folder: Path, films: Mapping[str, Mapping[int, str]]) -> PredictionFolder:
    """As :func:`write_prediction`, and also ``segments.csv`` and ``clips.csv``.

    ``films``: of each film the letters of its people, see :func:`film_of`, ten frames a second; a film
    without people could not be read.
    """
    segments, people = [], []
    inputs = {}
    for name, letters in films.items():
        frames = film_of(name, letters, fps=10) if letters else []
        inputs[folder / name] = frames
        summary = FilmSummary(name, CLASSES)
        segments += [one.row() for frame in frames for one in summary.add(frame)]
        segments += [one.row() for one in summary.end()]
        people += summary.people_rows()
    written = write_prediction(folder, inputs)
    write_table(written.segments_csv, SEGMENT_COLUMNS, segments)
    write_table(written.clips_csv, clip_columns(CLASSES), people)
    return written
