"""What is drawn into the picture: corners around each face, and a tag beside it."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from vidfer.infer.moment import UNSURE, Moment
from vidfer.report.expression_colours import UNSURE_COLOUR, rgb_of
from vidfer.report.film.lettering import width_of, write
from vidfer.report.person_timeline import percent

AROUND = 0.08
"""The corners lie so far outside the box of the face, in sides of the box."""
LEAST_PX = 100
"""A picture whose short side is smaller has no tags, which would hide it."""
SHADE = np.array((16, 18, 22), np.float32)
SHADED = 0.72
"""How much of the picture a tag covers."""


def tag_of(moment: Moment) -> str:
    """What the tag beside a face says."""
    return f"{moment.face_id}  {moment.label.replace('_', ' ')} {percent(moment)}".rstrip()


def draw_marks(image: np.ndarray, moments: Sequence[Moment], colours: dict[str, str], size_px: int) -> None:
    """Mark all faces of a frame. A tag lies where it covers no face, as long as there is such a place.

    Args:
        image: uint8 (H, W, 3) RGB, changed in place.
        moments: the people in it.
        colours: ``#rrggbb`` of each label.
        size_px: height of the letters.
    """
    boxes = [_around(moment.box_xyxy) for moment in moments]
    taken = list(boxes)
    for moment, box in zip(moments, boxes):
        colour = rgb_of(colours.get(moment.label, UNSURE_COLOUR))
        _draw_corners(image, box, colour, size_px, is_short=moment.label == UNSURE)
        if min(image.shape[:2]) < LEAST_PX:
            continue
        text = tag_of(moment)
        size = width_of(text, size_px, bold=True) + size_px, round(1.5 * size_px)
        place = _free_place(box, size, taken, image.shape)
        taken.append(place)
        _draw_tag(image, place, text, colour, size_px)


def _around(box: np.ndarray) -> np.ndarray:
    margin = AROUND * float(max(box[2] - box[0], box[3] - box[1]))
    return np.asarray(box, np.float64) + np.array((-margin, -margin, margin, margin))


def _draw_corners(
    image: np.ndarray, box: np.ndarray, colour: tuple[int, int, int], size_px: int, *, is_short: bool
) -> None:
    x1, y1, x2, y2 = np.round(box).astype(int)
    leg = max(3, round((0.1 if is_short else 0.22) * min(x2 - x1, y2 - y1)))
    thick = max(2, round(size_px / 7))
    for x, right in ((x1, 1), (x2, -1)):
        for y, down in ((y1, 1), (y2, -1)):
            corner = np.array([(x + right * leg, y), (x, y), (x, y + down * leg)], np.int32)
            for shade, width in (((0, 0, 0), thick + 2), (colour, thick)):
                cv2.polylines(image, [corner], False, shade, width, cv2.LINE_AA)


def _free_place(
    box: np.ndarray, size: tuple[int, int], taken: Sequence[np.ndarray], shape: Sequence[int]
) -> np.ndarray:
    """Where a tag lies, (4,): above the box, below it or beside it, where it covers least that is taken."""
    width, height = size
    gap = max(1, height // 8)
    x1, y1, x2, y2 = box
    beside = (y1 + y2 - height) / 2
    corners = (
        *((x1, y1 - gap - height), (x1, y2 + gap), (x2 - width, y1 - gap - height), (x2 - width, y2 + gap)),
        *((x2 + gap, beside), (x1 - gap - width, beside), (x2 + gap, y1), (x1 - gap - width, y1)),
    )
    places = []
    for x, y in corners:
        x, y = min(max(0, x), max(0, shape[1] - width)), min(max(0, y), max(0, shape[0] - height))
        places.append(np.array((x, y, x + width, y + height)))
    return min(places, key=lambda place: sum(_common(place, other) for other in taken))


def _common(one: np.ndarray, other: np.ndarray) -> float:
    """The area that two boxes have in common."""
    sides = np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2])
    return float(np.prod(np.maximum(sides, 0)))


def _draw_tag(
    image: np.ndarray, place: np.ndarray, text: str, colour: tuple[int, int, int], size_px: int
) -> None:
    x1, y1, x2, y2 = np.round(place).astype(int)
    region = image[max(0, y1) : y2, max(0, x1) : x2]
    region[:] = (region * (1 - SHADED) + SHADE * SHADED).astype(np.uint8)
    cv2.rectangle(image, (x1, y1), (x1 + max(2, size_px // 6), y2 - 1), colour, -1)
    write(image, text, (x1 + 0.55 * size_px, (y1 + y2) / 2), size_px, bold=True)
