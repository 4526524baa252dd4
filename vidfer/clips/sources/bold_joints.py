"""Where a person's head is, from BoLD's body joints."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from vidfer.errors import DataError

NOSE, NECK, RIGHT_EYE, LEFT_EYE, RIGHT_EAR, LEFT_EAR = 0, 1, 14, 15, 16, 17
"""Where these joints stand among OpenPose's 18 (COCO body)."""

MIN_SCORE = 0.1
"""A joint with a lower score is a guess and not used."""

MARGIN = 1.5
"""The side of the box over the side of the head. The box must hold the head while the person moves."""


class Place(NamedTuple):
    """Where an annotated person is."""

    first_frame: int
    last_frame: int
    """Frames of the video, counted from 0; both belong to the clip."""
    head_xyxy: tuple[float, float, float, float] | None
    """A wide box around the head in pixels, the median over the frames; None where its joints are unknown."""


def locate_person(joints: Path, *, person: int, first_frame: int, last_frame: int, n_frames: int) -> Place:
    """Finds an annotated person's head in the joints of a video.

    BoLD's videos were cut from films, and some joints and annotations count the frames of the film. They do
    where a number lies beyond the end of the video. Then the smallest frame number of the joints is the
    video's first frame, as in the code of BoLD's authors. The joints and the annotation are judged apart.

    Args:
        joints: BoLD's ``.npy`` file, an array (rows, 56): frame, person, and 18 times x, y, score.
        person: the number of the annotated person.
        first_frame, last_frame: the annotated frames, both included.
        n_frames: the number of frames of the video; with 0 (unknown) all numbers count the video's frames.

    Raises:
        DataError: the file is missing, or its array has another shape.
    """
    try:
        rows = np.load(joints, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise DataError(
            f"the joints {joints} cannot be read ({error}); unpack BoLD's joints again"
        ) from error
    if rows.ndim != 2 or rows.shape[1] != 2 + 18 * 3:
        raise DataError(f"the joints {joints} have the shape {rows.shape}; BoLD's have 56 columns")
    frames = rows[:, 0]
    if n_frames and len(rows) and frames.max() >= n_frames:
        in_film = int(frames.min())
        frames = frames - in_film
        if last_frame >= n_frames and first_frame >= in_film:
            first_frame, last_frame = first_frame - in_film, last_frame - in_film
    wanted = (rows[:, 1] == person) & (frames >= first_frame) & (frames <= last_frame)
    return Place(first_frame, last_frame, _head_box(rows[wanted, 2:]))


def _head_box(joints: np.ndarray) -> tuple[float, float, float, float] | None:
    """The median box around a head.

    In each frame the centre is the mean of nose, eyes and ears. The head's side is the largest of: the
    distance of the ears times 1.5, of the eyes times 3, of nose and neck times 1.5, where both are seen.
    """
    points = joints.reshape(-1, 18, 3).astype(np.float64)
    xy = np.where(points[..., 2:] >= MIN_SCORE, points[..., :2], np.nan)

    head = xy[:, [NOSE, RIGHT_EYE, LEFT_EYE, RIGHT_EAR, LEFT_EAR]]
    sides = np.stack(
        [
            1.5 * np.linalg.norm(xy[:, RIGHT_EAR] - xy[:, LEFT_EAR], axis=-1),
            3.0 * np.linalg.norm(xy[:, RIGHT_EYE] - xy[:, LEFT_EYE], axis=-1),
            1.5 * np.linalg.norm(xy[:, NOSE] - xy[:, NECK], axis=-1),
        ],
        axis=-1,
    )
    seen = np.isfinite(head[..., 0]).any(axis=1) & np.isfinite(sides).any(axis=1)
    if not seen.any():
        return None
    x, y = np.median(np.nanmean(head[seen], axis=1), axis=0)
    half = MARGIN * np.median(np.nanmax(sides[seen], axis=1)) / 2
    return float(x - half), float(y - half), float(x + half), float(y + half)
