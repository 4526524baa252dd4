"""Where a person's head is, from BoLD's body joints."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from vidfer.errors import VidferError

NOSE, NECK, RIGHT_EYE, LEFT_EYE, RIGHT_EAR, LEFT_EAR = 0, 1, 14, 15, 16, 17
"""OpenPose's order of 18 joints (COCO body)."""

MIN_SCORE = 0.1
"""Joints below this score are guesses."""

MARGIN = 1.5
"""The hint's side over the head's, because it must still hold the head when the person moves."""


class Place(NamedTuple):
    """Where an annotated person is."""

    first_frame: int
    last_frame: int
    """Both in the video, whose first frame is 0."""
    head_xyxy: tuple[float, float, float, float] | None
    """A generous box around the head in pixels, the median over the frames; None if no joint tells."""


def locate_person(joints: Path, *, person: int, first_frame: int, last_frame: int, n_frames: int) -> Place:
    """Find an annotated person's head in the joints of a video.

    BoLD cut its videos from films, and joints may be numbered by the film's frames. Then the first number is
    that of the video's first frame, as BoLD's authors take it in their own code. Here joints and annotation,
    each for itself, are taken so if they go beyond the end of the video.

    Args:
        joints: BoLD's ``.npy`` file, rows of frame, person, 18 times x, y, score; shape (rows, 56).
        person: the annotated person's number.
        first_frame, last_frame: the annotated frames, both included.
        n_frames: of the video; 0 if unknown, and all numbers are taken as the video's.

    Raises:
        VidferError: the file is absent or of another shape.
    """
    try:
        rows = np.load(joints, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise VidferError(
            f"the joints {joints} cannot be read ({error}); unpack BoLD's joints again"
        ) from error
    if rows.ndim != 2 or rows.shape[1] != 2 + 18 * 3:
        raise VidferError(f"the joints {joints} have the shape {rows.shape}; BoLD's have 56 columns")
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
    distance of the ears times 1.5, of the eyes times 3, of nose and neck times 1.5 — whichever are seen.
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
