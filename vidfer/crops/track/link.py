"""Join the faces of key frames into people."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from vidfer.crops.detect.boxes import distance
from vidfer.crops.detect.detect import Faces
from vidfer.crops.track.appearance import LIKE, UNLIKE, correlation, likeness

NEAR = 0.8
"""Faces of two frames may be one person's if their :func:`~vidfer.crops.detect.boxes.distance` is below
this."""


@dataclass(frozen=True)
class KeyFrame:
    """What is seen in a frame that was searched as a whole."""

    faces: Faces
    patches: np.ndarray
    """uint8 (k,24,24,3): what each face looks like, see :mod:`vidfer.crops.track.appearance`."""
    shot: int
    """Number of its shot in the clip."""


@dataclass(frozen=True)
class LastSeen:
    """Where somebody was seen, and what they looked like."""

    box: np.ndarray
    patch: np.ndarray
    shot: int


@dataclass(eq=False)
class Person:
    """The faces that are taken for one person's, by number of the frame."""

    boxes: dict[int, np.ndarray] = field(default_factory=dict)
    landmarks: dict[int, np.ndarray] = field(default_factory=dict)
    scores: dict[int, float] = field(default_factory=dict)
    margins: dict[int, np.ndarray] = field(default_factory=dict)
    last: LastSeen | None = None
    """In the latest key frame; None before the first."""

    def add(self, frame: int, faces: Faces, i: int) -> None:
        self.boxes[frame] = faces.boxes[i]
        self.landmarks[frame] = faces.landmarks[i]
        self.scores[frame] = float(faces.scores[i])
        self.margins[frame] = faces.margins[i]


def link_people(keys: Mapping[int, KeyFrame]) -> list[Person]:
    """Join the faces of key frames, by number of the frame, in order of time.

    Within a shot a face belongs to the person that was last seen nearest to it, the more so the more they
    look alike, but not if they look altogether unlike; who comes back to about the same place is the same
    person again. Of all others the look alone decides: after a cut, after which the place says nothing, and
    of somebody who was last seen elsewhere.
    """
    people: list[Person] = []
    for frame in sorted(keys):
        key = keys[frame]
        here = [person for person in people if person.last.shot == key.shot]
        joined = _match(key, here, range(len(key.faces)), _unlike_in_place)
        if left := [i for i in range(len(key.faces)) if i not in joined]:
            others = [person for person in people if person not in joined.values()]
            joined |= _match(key, others, left, _unlike_in_look)
        for i in range(len(key.faces)):
            person = joined.get(i)
            if person is None:
                people.append(person := Person())
            person.add(frame, key.faces, i)
            person.last = LastSeen(key.faces.boxes[i], key.patches[i], key.shot)
    return people


def is_doubtful(before: KeyFrame, after: KeyFrame) -> bool:
    """Whether it is unsure who is who from one key frame to the next one of the same shot.

    It is when both have a face that fits to none of the other (somebody may have moved fast, or turned fast,
    or be somebody else), and when a face has two that it may belong to.
    """
    if not len(before.faces) or not len(after.faces):
        return False
    faces = zip(before.faces.boxes, before.patches)
    fits = np.array([_may_be(after, LastSeen(box, patch, before.shot)) for box, patch in faces])
    alone = not fits.any(axis=1).all() and not fits.any(axis=0).all()
    return bool(alone or (fits.sum(axis=1) > 1).any() or (fits.sum(axis=0) > 1).any())


def _match(
    key: KeyFrame,
    people: Sequence[Person],
    faces: Sequence[int],
    unlike: Callable[[KeyFrame, LastSeen], np.ndarray],
) -> dict[int, Person]:
    """Who each of the ``faces`` is that is one of the people: the least unlike pairs first.

    Args:
        unlike: a number for each face of the key frame, infinite if it is not the one last seen so.
    """
    table = [(unlike(key, person.last), person) for person in people]
    pairs = [(row[i], i, person) for row, person in table for i in faces if np.isfinite(row[i])]
    joined: dict[int, Person] = {}
    for _, i, person in sorted(pairs, key=lambda pair: pair[0]):
        if i not in joined and person not in joined.values():
            joined[i] = person
    return joined


def _may_be(key: KeyFrame, last: LastSeen) -> np.ndarray:
    """Which of the faces of a key frame may be one that was last seen so, in the same shot: bool (k,)."""
    return (distance(key.faces.boxes, last.box) < NEAR) & (correlation(key.patches, last.patch) >= UNLIKE)


def _unlike_in_place(key: KeyFrame, last: LastSeen) -> np.ndarray:
    unlike = distance(key.faces.boxes, last.box) - 0.5 * likeness(key.patches, last.patch)
    return np.where(_may_be(key, last), unlike, np.inf)


def _unlike_in_look(key: KeyFrame, last: LastSeen) -> np.ndarray:
    like = likeness(key.patches, last.patch)
    return np.where(like >= LIKE, -like, np.inf)
