"""Join the faces of key frames into people, and choose whose face the clip is about."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from vidfer.crops.boxes import distance, overlap
from vidfer.crops.detect import Faces

NEAR = 0.8
"""Faces of two frames may be one person's if their :func:`vidfer.crops.boxes.distance` is below this."""


@dataclass
class Person:
    """The faces that are taken for one person's, by number of the frame."""

    boxes: dict[int, np.ndarray] = field(default_factory=dict)
    landmarks: dict[int, np.ndarray] = field(default_factory=dict)
    scores: dict[int, float] = field(default_factory=dict)

    def add(self, frame: int, faces: Faces, i: int) -> None:
        self.boxes[frame] = faces.boxes[i]
        self.landmarks[frame] = faces.landmarks[i]
        self.scores[frame] = float(faces.scores[i])

    @property
    def last_box(self) -> np.ndarray:
        return self.boxes[max(self.boxes)]

    @property
    def presence(self) -> float:
        """Side times score, summed over frames: large for who is near, well seen and long in the picture."""
        return sum(
            float((box[2:] - box[:2]).prod() ** 0.5) * self.scores[frame] for frame, box in self.boxes.items()
        )


def link_people(faces: dict[int, Faces]) -> list[Person]:
    """Join the faces of frames in order of time.

    In each frame the nearest pairs of a person, where last seen, and a face are joined first; a face near
    nobody is a new person. Somebody who comes back to about the same place is the same person again.
    """
    people: list[Person] = []
    for frame in sorted(faces):
        found = faces[frame]
        if not len(found):
            continue
        table = np.array([distance(found.boxes, person.last_box) for person in people]).reshape(
            -1, len(found)
        )
        free = set(range(len(found)))
        taken: set[int] = set()
        for flat in np.argsort(table, axis=None, kind="stable"):
            p, i = divmod(int(flat), len(found))
            if table[p, i] < NEAR and p not in taken and i in free:
                people[p].add(frame, found, i)
                taken.add(p)
                free.discard(i)
        for i in sorted(free):
            people.append(Person())
            people[-1].add(frame, found, i)
    return people


def main_person(people: list[Person], box_hint: tuple[float, float, float, float] | None) -> Person | None:
    """Whose face the clip is about: the greatest presence, or, with a hint, the most overlap with it in time.

    A hint that no face overlaps is left aside.
    """
    if not people:
        return None
    if box_hint is not None:
        hint = np.asarray(box_hint, dtype=np.float32)
        met = [float(overlap(np.stack(list(person.boxes.values())), hint).sum()) for person in people]
        if max(met) > 0:
            return people[int(np.argmax(met))]
    return max(people, key=lambda person: person.presence)
