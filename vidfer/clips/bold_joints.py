"""Where a person's head is, from BoLD's body joints."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from vidfer.errors import VidferError

NOSE, NECK, RIGHT_EYE, LEFT_EYE, RIGHT_EAR, LEFT_EAR = 0, 1, 14, 15, 16, 17
"""OpenPose's order of 18 joints (COCO body)."""

MIN_SCORE = 0.1
"""Joints below this score are guesses."""

MARGIN = 1.5
"""The hint's side over the head's, because it must still hold the head when the person moves."""


def head_box(
    joints: Path, *, person: int, first_frame: int, last_frame: int
) -> tuple[float, float, float, float] | None:
    """A generous box around a person's head in pixels, the median over the frames; None if no joint tells.

    In each frame the centre is the mean of nose, eyes and ears. The head's side is the largest of: the
    distance of the ears times 1.5, of the eyes times 3, of nose and neck times 1.5 — whichever are seen.

    Args:
        joints: BoLD's ``.npy`` file, rows of frame, person, 18 times x, y, score; shape (rows, 56).
        person: the annotated person's number.
        first_frame, last_frame: the annotated frames, both included.

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
    wanted = (rows[:, 1] == person) & (rows[:, 0] >= first_frame) & (rows[:, 0] <= last_frame)
    points = rows[wanted, 2:].reshape(-1, 18, 3).astype(np.float64)
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
