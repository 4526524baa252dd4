"""Chooses whose face a clip is about."""

from __future__ import annotations

import numpy as np

from vidfer.crops.detect.boxes import overlap
from vidfer.crops.track.link import Person

LEAST_SHARE = 0.5
"""``largest`` and ``centre`` choose among the people who are seen in at least this share of the key frames
that show the person seen longest. Otherwise a face in the crowd, or a mistake of one frame, could be
chosen."""

ALL_SHARE = 0.1
"""``all`` leaves out people who are seen in less than this share of those key frames: they are mostly
mistakes."""


def choose_people(
    people: list[Person],
    rule: str,
    box_hint: tuple[float, float, float, float] | None,
    width: int,
    height: int,
) -> list[Person]:
    """The people that a clip gives, the main one first; an empty list if there are none.

    Args:
        people: everybody, with their faces in key frames.
        rule: ``main``, ``longest``, ``largest``, ``centre`` or ``all``, see ``CropSettings.face``.
        box_hint: x1, y1, x2, y2 in pixels: where the head of the wanted person is. Who overlaps it most over
            time is the main person, whatever the rule. A hint that no face overlaps is ignored.
        width: of a frame in pixels.
        height: of a frame in pixels.
    """
    if not people:
        return []
    by_presence = sorted(people, key=presence, reverse=True)
    main = by_presence[0]
    longest = max(len(person.boxes) for person in people)
    lasting = [person for person in by_presence if len(person.boxes) >= LEAST_SHARE * longest]
    if box_hint is not None and (hinted := _at_hint(by_presence, np.asarray(box_hint, np.float32))):
        main = hinted
    elif rule == "longest":
        main = next(person for person in by_presence if len(person.boxes) == longest)
    elif rule == "largest":
        main = max(lasting, key=lambda person: np.median(_sides(person)))
    elif rule == "centre":
        middle = np.array([width, height]) / 2
        main = min(lasting, key=lambda person: np.median(np.linalg.norm(_centres(person) - middle, axis=1)))
    if rule != "all":
        return [main]
    return [main, *(p for p in by_presence if p is not main and len(p.boxes) >= ALL_SHARE * longest)]


def presence(person: Person) -> float:
    """Face side times score, summed over key frames: large for a near face that is seen well and long."""
    return float(_sides(person) @ np.array(list(person.scores.values())))


def _at_hint(people: list[Person], hint: np.ndarray) -> Person | None:
    overlaps = [float(overlap(_boxes(person), hint).sum()) for person in people]
    return people[int(np.argmax(overlaps))] if max(overlaps) > 0 else None


def _boxes(person: Person) -> np.ndarray:
    return np.stack(list(person.boxes.values()))


def _sides(person: Person) -> np.ndarray:
    boxes = _boxes(person)
    return np.sqrt(np.maximum((boxes[:, 2:] - boxes[:, :2]).prod(axis=1), 0))


def _centres(person: Person) -> np.ndarray:
    boxes = _boxes(person)
    return (boxes[:, :2] + boxes[:, 2:]) / 2
