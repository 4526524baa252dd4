"""Joins the faces of key frames into people."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from vidfer.crops.detect.boxes import distance
from vidfer.crops.detect.faces import Faces
from vidfer.crops.track.appearance import LIKE, LIKE_ELSEWHERE, SURELY_LIKE, UNLIKE, correlation, likeness
from vidfer.crops.track.face_cuts import at_place
from vidfer.crops.track.key_frame import KeyFrame

NEAR = 0.8
"""Faces of two frames may belong to one person if their :func:`~vidfer.crops.detect.boxes.distance` is
lower."""


Sighting = tuple[KeyFrame, int]
"""A face in a key frame: the key frame, and the position of the face in it."""


@dataclass(eq=False)
class Person:
    """The faces that are taken to be of one person, by the number of the frame."""

    boxes: dict[int, np.ndarray] = field(default_factory=dict)
    landmarks: dict[int, np.ndarray] = field(default_factory=dict)
    scores: dict[int, float] = field(default_factory=dict)
    margins: dict[int, np.ndarray] = field(default_factory=dict)
    last: Sighting | None = None
    """The face in the latest key frame that shows the person; None before the first."""
    shot: int = -1
    """The latest shot in which the place of the person is known."""
    is_cut_away: bool = False
    """Whether a cut at the place of the person has come since the person was seen."""

    def add(self, frame: int, faces: Faces, i: int) -> None:
        """Add the i-th of the faces of a frame."""
        self.boxes[frame] = faces.boxes[i]
        self.landmarks[frame] = faces.landmarks[i]
        self.scores[frame] = float(faces.scores[i])
        self.margins[frame] = faces.margins[i]

    def forget(self, first: int) -> None:
        """Forget in which frames before ``first`` the person was seen, but not when last."""
        for found in (self.boxes, self.landmarks, self.scores, self.margins):
            for frame in [frame for frame in found if frame < first]:
                del found[frame]


class PeopleLinker:
    """Joins the faces of key frames into people, key frame by key frame in order of time.

    Within a shot, a face belongs to the person who was last seen nearest to it. A similar appearance makes
    the distance smaller; a very different one forbids the match. A person who left and comes back near the
    same place is the same person. Everywhere else the appearance alone decides: after a cut, where the place
    says nothing, and for people who were last seen elsewhere. After a cut at single places, the people at all
    other places stay where they are.
    """

    def __init__(self) -> None:
        self.people: list[Person] = []
        """Everybody so far, in the order in which they appear."""

    def add(self, frame: int, key: KeyFrame) -> None:
        """Give each face of the next key frame to its person."""
        people, everyone = self.people, range(len(key.faces))
        if key.cut_places is not None:
            _stay_or_leave(people, key)
        in_shot = [person for person in people if person.shot == key.shot]
        matches = _match(key, in_shot, everyone, _cost_by_place)
        if unmatched := [i for i in everyone if i not in matches]:
            others = [person for person in people if person not in matches.values()]
            matches |= _match(key, others, unmatched, _cost_by_appearance)
        for i in everyone:
            person = matches.get(i)
            if person is None:
                people.append(person := Person())
            person.add(frame, key.faces, i)
            person.last, person.shot, person.is_cut_away = (key, i), key.shot, False


def link_people(key_frames: Mapping[int, KeyFrame]) -> list[Person]:
    """Join the faces of all key frames (by the number of the frame) into people; see
    :class:`PeopleLinker`."""
    linker = PeopleLinker()
    for frame in sorted(key_frames):
        linker.add(frame, key_frames[frame])
    return linker.people


def _stay_or_leave(people: Sequence[Person], key: KeyFrame) -> None:
    """Note who keeps the place in a shot that begins with cuts at single places, and who loses it."""
    for person in people:
        if person.shot == key.shot - 1:
            before, i = person.last
            if at_place(key.cut_places, before.faces.boxes[i]).any():
                person.is_cut_away = True
            else:
                person.shot = key.shot


def is_ambiguous(before: KeyFrame, after: KeyFrame) -> bool:
    """Whether it is unclear who is who from one key frame to the next one of the same shot.

    It is unclear if both have a face that fits none of the other (somebody moved or turned fast, or is
    somebody else), and if a face fits two of the other.
    """
    if not len(before.faces) or not len(after.faces):
        return False
    fits = np.array([_fits(after, (before, i)) for i in range(len(before.faces))])
    both_alone = not fits.any(axis=1).all() and not fits.any(axis=0).all()
    return bool(both_alone or (fits.sum(axis=1) > 1).any() or (fits.sum(axis=0) > 1).any())


def _match(
    key: KeyFrame,
    people: Sequence[Person],
    faces: Sequence[int],
    cost: Callable[[KeyFrame, Person], np.ndarray],
) -> dict[int, Person]:
    """The person of each of the ``faces`` that has one, found greedily: the pair of lowest cost first.

    Args:
        key: the key frame of the faces.
        people: who may be seen in it.
        faces: positions of the faces to match.
        cost: a number for each face of the key frame, infinite for a face that cannot be the earlier one.
    """
    table = [(cost(key, person), person) for person in people]
    pairs = [(row[i], i, person) for row, person in table for i in faces if np.isfinite(row[i])]
    matches: dict[int, Person] = {}
    for _, i, person in sorted(pairs, key=lambda pair: pair[0]):
        if i not in matches and person not in matches.values():
            matches[i] = person
    return matches


def _fits(key: KeyFrame, earlier: Sighting) -> np.ndarray:
    """Which faces of a key frame may be an earlier one of the same shot: bool (k,)."""
    before, i = earlier
    near = distance(key.faces.boxes, before.faces.boxes[i]) < NEAR
    return near & (correlation(key.patches, before.patches[i]) >= UNLIKE)


def _cost_by_place(key: KeyFrame, person: Person) -> np.ndarray:
    before, i = person.last
    cost = distance(key.faces.boxes, before.faces.boxes[i]) - 0.5 * likeness(key.patches, before.patches[i])
    return np.where(_fits(key, person.last), cost, np.inf)


def _cost_by_appearance(key: KeyFrame, person: Person) -> np.ndarray:
    before, i = person.last
    like = likeness(key.patches, before.patches[i])
    least = np.full(len(like), LIKE)
    if person.is_cut_away:
        least[:] = LIKE_ELSEWHERE
        least[at_place(key.faces.boxes, before.faces.boxes[i])] = SURELY_LIKE
    return np.where(like >= least, -like, np.inf)
