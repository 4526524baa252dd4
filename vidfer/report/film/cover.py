"""Makes faces unrecognisable in a film that may be shown."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence

import cv2
import numpy as np

from vidfer.infer.moment import Moment

MARGIN = 0.4
"""So much more than the box of the face is covered on each side, in sides of the box."""
BLOCKS = 4
"""A covered face keeps so many colours along its longer side."""
LONGEST_GAP_S = 3.0
"""A face that was missed for so long, in seconds, is covered all the time, at the place between."""
LINGER_S = 0.6
"""A face is covered so long before it is first seen and after it is last seen, in seconds."""


def cover_faces(image: np.ndarray, boxes: Sequence[np.ndarray]) -> None:
    """Replace faces by a few blurred blocks of colour.

    Args:
        image: uint8 (H, W, 3) RGB, changed in place.
        boxes: (4,) each, of faces; see :data:`MARGIN`.
    """
    for x1, y1, x2, y2 in _regions(boxes, image.shape):
        region = image[y1:y2, x1:x2]
        height, width = region.shape[:2]
        longest = max(height, width)
        few = max(1, round(BLOCKS * width / longest)), max(1, round(BLOCKS * height / longest))
        blocks = cv2.resize(region, few, interpolation=cv2.INTER_AREA)
        large = cv2.resize(blocks, (width, height), interpolation=cv2.INTER_NEAREST)
        region[:] = cv2.GaussianBlur(large, (0, 0), max(0.5, longest / BLOCKS / 5))


def _regions(boxes: Sequence[np.ndarray], shape: Sequence[int]) -> list[tuple[int, int, int, int]]:
    found = []
    for box in boxes:
        margin = MARGIN * float(max(box[2] - box[0], box[3] - box[1]))
        x1, y1 = np.maximum(0, np.floor(np.asarray(box[:2], float) - margin)).astype(int)
        x2, y2 = np.minimum((shape[1], shape[0]), np.ceil(np.asarray(box[2:], float) + margin)).astype(int)
        if x2 > x1 and y2 > y1:
            found.append((x1, y1, x2, y2))
    return found


def with_covers(
    frames: Iterable[Sequence[Moment]],
) -> Iterator[tuple[Sequence[Moment], list[np.ndarray]]]:
    """Tell for each frame what must be covered, also where a face was missed for a while.

    Args:
        frames: the moments of each frame, in order of time.

    Yields:
        the moments of a frame, and the boxes (4,) to cover in it.
    """
    ahead: deque[Sequence[Moment]] = deque()
    seen: dict[int, tuple[float, np.ndarray]] = {}
    rest = iter(frames)
    while True:
        while not ahead or ahead[-1][0].time_s - ahead[0][0].time_s <= LONGEST_GAP_S:
            found = next(rest, None)
            if found is None:
                break
            if found:
                ahead.append(found)
        if not ahead:
            return
        now = ahead.popleft()
        time_s = now[0].time_s
        here = {moment.face_id: moment.box_xyxy for moment in now if moment.has_face}
        later: dict[int, tuple[float, np.ndarray]] = {}
        for moments in ahead:
            for moment in moments:
                if moment.has_face and moment.face_id not in here:
                    later.setdefault(moment.face_id, (moment.time_s, moment.box_xyxy))
        seen = {face: place for face, place in seen.items() if time_s - place[0] <= LONGEST_GAP_S}
        covers = list(here.values())
        for face in (seen.keys() | later.keys()) - here.keys():
            covers += _missed(time_s, seen.get(face), later.get(face))
        seen |= {face: (time_s, box) for face, box in here.items()}
        yield now, covers


def _missed(
    time_s: float, before: tuple[float, np.ndarray] | None, after: tuple[float, np.ndarray] | None
) -> list[np.ndarray]:
    """Where a face may be that is not seen now, from the times and places at which it is seen before and
    after."""
    if before and after and after[0] - before[0] <= LONGEST_GAP_S:
        share = (time_s - before[0]) / (after[0] - before[0])
        between = before[1] * (1 - share) + after[1] * share
        return [between]
    near = [place[1] for place in (before, after) if place and abs(place[0] - time_s) <= LINGER_S]
    return near
