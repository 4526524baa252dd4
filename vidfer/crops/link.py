"""Join the faces of key frames into people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from vidfer.crops.boxes import distance
from vidfer.crops.detect import Faces
from vidfer.crops.look import LIKE, likeness

NEAR = 0.8
"""Faces of two frames may be one person's if their :func:`vidfer.crops.boxes.distance` is below this."""


@dataclass(frozen=True)
class KeyFrame:
    """What is seen in a frame that was searched as a whole."""

    faces: Faces
    patches: np.ndarray
    """float32 (k,24,24,3): what each face looks like, see :mod:`vidfer.crops.look`."""
    shot: int
    """Number of its shot in the clip."""


@dataclass
class Person:
    """The faces that are taken for one person's, by number of the frame."""

    boxes: dict[int, np.ndarray] = field(default_factory=dict)
    landmarks: dict[int, np.ndarray] = field(default_factory=dict)
    scores: dict[int, float] = field(default_factory=dict)
    margins: dict[int, np.ndarray] = field(default_factory=dict)
    patch: np.ndarray | None = None
    """The latest look."""
    shot: int = -1
    """The latest shot."""

    def add(self, frame: int, faces: Faces, i: int) -> None:
        self.boxes[frame] = faces.boxes[i]
        self.landmarks[frame] = faces.landmarks[i]
        self.scores[frame] = float(faces.scores[i])
        self.margins[frame] = faces.margins[i]

    @property
    def last_box(self) -> np.ndarray:
        return self.boxes[max(self.boxes)]


def link_people(keys: Mapping[int, KeyFrame]) -> list[Person]:
    """Join the faces of key frames, by number of the frame, in order of time.

    Within a shot a face belongs to the person that was last seen nearest to it, the more so the more they
    look alike, and never to somebody further away than :data:`NEAR`; who comes back to about the same place
    is the same person again. After a cut the place says nothing: then the look alone decides.
    """
    people: list[Person] = []
    for frame in sorted(keys):
        key = keys[frame]
        here = [person for person in people if person.shot == key.shot]
        joined = _match(key, here, _unlike_in_shot)
        elsewhere = [person for person in people if person.shot != key.shot]
        left = np.setdiff1d(np.arange(len(key.faces)), list(joined))
        joined |= _match(key, elsewhere, _unlike_across_shots, left)
        for i in range(len(key.faces)):
            person = joined.get(i)
            if person is None:
                people.append(person := Person())
            person.add(frame, key.faces, i)
            person.patch, person.shot = key.patches[i], key.shot
    return people


def is_doubtful(before: KeyFrame, after: KeyFrame) -> bool:
    """Whether it is unsure who is who from one key frame to the next one of the same shot.

    It is when both have a face that fits to none of the other (somebody may have moved fast), and when a face
    has two that it may belong to.
    """
    if not len(before.faces) or not len(after.faces):
        return False
    near = np.array([distance(after.faces.boxes, box) for box in before.faces.boxes]) < NEAR
    alone = not near.any(axis=1).all() and not near.any(axis=0).all()
    return bool(alone or (near.sum(axis=1) > 1).any() or (near.sum(axis=0) > 1).any())


def _match(key: KeyFrame, people: list[Person], unlike, only: np.ndarray | None = None) -> dict[int, Person]:
    """Person of each face that has one: the least unlike pairs first."""
    only = np.arange(len(key.faces)) if only is None else only
    joined: dict[int, Person] = {}
    if not len(people) or not len(only):
        return joined
    table = np.array([unlike(key, person)[only] for person in people])
    taken: set[int] = set()
    for flat in np.argsort(table, axis=None, kind="stable"):
        p, column = divmod(int(flat), len(only))
        if np.isfinite(table[p, column]) and p not in taken and int(only[column]) not in joined:
            joined[int(only[column])] = people[p]
            taken.add(p)
    return joined


def _unlike_in_shot(key: KeyFrame, person: Person) -> np.ndarray:
    far = distance(key.faces.boxes, person.last_box)
    return np.where(far < NEAR, far - 0.5 * likeness(key.patches, person.patch), np.inf)


def _unlike_across_shots(key: KeyFrame, person: Person) -> np.ndarray:
    like = likeness(key.patches, person.patch)
    return np.where(like >= LIKE, -like, np.inf)
