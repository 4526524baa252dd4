"""Cuts faces out of a video again, at the moments in which an expression was surest."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from vidfer.crops.decode.packets import open_container
from vidfer.crops.decode.readers import SEEK_CONTAINERS
from vidfer.crops.decode.unreadable_video import UnreadableVideo
from vidfer.crops.decode.video import TIME_SLACK_S, read_chunks
from vidfer.infer.moment import UNSURE, Moment
from vidfer.report.expression_colours import NONE_OF_THESE
from vidfer.report.figure_style import data_address
from vidfer.report.person_timeline import PersonTimeline, sureness

PICTURE_PX = 120
AROUND = 0.25
"""So much more than the box of the face is shown on each side, in sides of the box."""
JPEG_QUALITY = 80
JUMP_S = 6.0
"""Where the wanted frames are on average farther apart than this, in seconds, the video is jumped in."""


def choose_peaks(person: PersonTimeline, n: int) -> list[Moment]:
    """The moments to show of a person, in order of time: first the surest of each expression.

    Args:
        person: with its peaks.
        n: the most moments.
    """
    ranked = [
        sorted((peak[2] for peak in peaks), key=lambda m: -sureness(m)) for peaks in person.peaks.values()
    ]
    ranked.sort(key=lambda peaks: (peaks[0].label in (UNSURE, NONE_OF_THESE), -sureness(peaks[0])))
    rounds = max(map(len, ranked), default=0)
    order = [
        peaks[place]
        for place in range(rounds)
        for peaks in ranked
        if place < (1 if peaks[0].label == UNSURE else len(peaks))
    ]
    return sorted(order[:n], key=lambda moment: moment.frame)


def cut_pictures(path: Path, moments: Sequence[Moment]) -> dict[tuple[int, int], str]:
    """The faces of some moments as ``data:`` addresses, by frame and face; of a frame that cannot be read,
    none.

    Args:
        path: the video, image or folder of frames.
        moments: of this input, in any order.
    """
    by_time: dict[float, list[Moment]] = {}
    for moment in moments:
        by_time.setdefault(moment.time_s, []).append(moment)
    times_s = sorted(by_time)
    if not times_s:
        return {}
    pictures: dict[tuple[int, int], str] = {}
    parts = [(times_s[0], times_s[-1])]
    if times_s[-1] - times_s[0] > JUMP_S * len(times_s) and _can_jump(path):
        parts = [(time_s, time_s) for time_s in times_s]
    for first_s, last_s in parts:
        try:
            for chunk in read_chunks(
                path,
                start_s=max(0.0, first_s - TIME_SLACK_S) or None,
                end_s=last_s + 2 * TIME_SLACK_S,
                chunk_frames=8,
            ):
                for time_s, image in zip(chunk.times_s, chunk.images):
                    for wanted_s in _near(times_s, float(time_s)):
                        for moment in by_time[wanted_s]:
                            pictures[moment.frame, moment.face_id] = _cut(image, moment.box_xyxy)
        except UnreadableVideo:
            continue  # the page says that the picture is missing
    return pictures


def _can_jump(path: Path) -> bool:
    try:
        with open_container(path) as container:
            return bool(SEEK_CONTAINERS & set(container.format.name.split(",")))
    except (UnreadableVideo, OSError):
        return False


def _near(times_s: Sequence[float], time_s: float) -> list[float]:
    place = int(np.searchsorted(times_s, time_s))
    return [other for other in times_s[max(0, place - 1) : place + 1] if abs(other - time_s) < TIME_SLACK_S]


def _cut(image: np.ndarray, box: np.ndarray) -> str:
    """A square around a face; beyond the edge of the picture it goes on with the pixels of the edge."""
    x1, y1, x2, y2 = (float(value) for value in box)
    side = max(4.0, (1 + 2 * AROUND) * max(x2 - x1, y2 - y1))
    left, top = (x1 + x2 - side) / 2, (y1 + y2 - side) / 2
    scale = PICTURE_PX / side
    if scale < 0.5:  # or fine lines would flicker: a warp looks at four pixels only
        image = cv2.resize(image, None, fx=2 * scale, fy=2 * scale, interpolation=cv2.INTER_AREA)
        left, top, scale = 2 * scale * left, 2 * scale * top, 0.5
    matrix = np.array([[scale, 0, -scale * left], [0, scale, -scale * top]])
    face = cv2.warpAffine(
        image, matrix, (PICTURE_PX, PICTURE_PX), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    done, coded = cv2.imencode(
        ".jpg", cv2.cvtColor(face, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    )
    return data_address(coded.tobytes(), "image/jpeg") if done else ""
