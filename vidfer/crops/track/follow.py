"""The second pass over a clip: people are followed through the frames between key frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from vidfer.crops.decode.video import FrameChunk
from vidfer.crops.detect.boxes import distance, overlap
from vidfer.crops.detect.faces import Faces, squares_around
from vidfer.crops.detect.question import Asking, Question
from vidfer.crops.track.key_frame import KeyFrame
from vidfer.crops.track.link import NEAR, Person

OTHERS = 0.3
"""A box belongs to another person if it overlaps the box of that person by more than this, and by more than
the place where it was expected."""


@dataclass(frozen=True)
class Gap:
    """Frames between two others, of which at least one shows the person."""

    person: int
    before: int
    after: int
    """Numbers of the two frames in the clip."""

    @property
    def middle(self) -> int:
        return (self.before + self.after) // 2

    def halves(self) -> tuple[Gap, Gap]:
        """The gaps before and after the middle frame."""
        return Gap(self.person, self.before, self.middle), Gap(self.person, self.middle, self.after)


def follow_people(
    chunk: FrameChunk,
    first: int,
    people: Sequence[Person],
    everybody: Sequence[Person],
    key_frames: Mapping[int, KeyFrame],
    least_score: float,
) -> Asking[list[set[int]]]:
    """Find people in the frames of a chunk that are no key frames.

    In the middle frame of every gap between two key frames, O-Net looks at the place on the line between the
    boxes before and after, or at the only box that is known. Then each half of the gap is a gap again. So the
    expected place is always near, nothing drifts, and nothing lags. If O-Net's score is below its threshold,
    the whole frame is searched. Halves that do not show the person at either end are left out.

    R-Net is not used: after it O-Net would see other squares than in the key frames, and the boxes would
    agree less with those of the key frames.

    Args:
        chunk: consecutive frames of the clip.
        first: number of the first frame of the chunk.
        people: who is followed; the faces that are found are added to them.
        everybody: all people of the clip, by their faces in key frames. Nobody is followed onto the face of
            another.
        key_frames: of the chunk and the last one before it, by the number of the frame in the clip; there may
            be more.
        least_score: lowest score of a face in O-Net.

    Returns:
        For each of the people, the frames in which the search of the whole frame found them.
    """
    keys = sorted(key for key in key_frames if first - 1 <= key < first + len(chunk))
    gaps = [
        Gap(person, before, after)
        for before, after in pairwise(keys)
        if key_frames[before].shot == key_frames[after].shot
        for person in range(len(people))
    ]
    seen = [person for person in everybody if any(key in person.boxes for key in keys)]
    places = {person: _places(person, keys, first, len(chunk)) for person in seen}
    others = [[boxes for other, boxes in places.items() if other is not person] for person in people]
    searched: list[set[int]] = [set() for _ in people]
    while gaps := [gap for gap in gaps if gap.after - gap.before > 1 and _is_seen(gap, people)]:
        middles = np.array([gap.middle for gap in gaps])
        expected = np.stack([_expected(gap, people[gap.person].boxes) for gap in gaps])
        margins = np.stack([_expected(gap, people[gap.person].margins) for gap in gaps])
        squares = squares_around(expected, margins)
        found = Faces(*(yield Question(chunk.images, middles - first, squares)), margins)
        lost: dict[int, list[int]] = {}
        for i, gap in enumerate(gaps):
            taken = [boxes[gap.middle - first] for boxes in others[gap.person]]
            is_face = found.scores[i] >= least_score
            if is_face and not _is_of_another(taken, found.boxes[i], expected[i]):
                people[gap.person].add(gap.middle, found, i)
            else:
                lost.setdefault(gap.middle, []).append(i)
        frames = sorted(lost)
        all_faces = (yield Question([chunk.images[frame - first] for frame in frames])) if lost else ()
        for frame, faces in zip(frames, all_faces):
            for i in lost[frame] if len(faces) else ():
                person, distances = gaps[i].person, distance(faces.boxes, expected[i])
                nearest = int(distances.argmin())
                taken = [boxes[frame - first] for boxes in others[person]]
                is_near = distances[nearest] < NEAR
                if is_near and not _is_of_another(taken, faces.boxes[nearest], expected[i]):
                    people[person].add(frame, faces, nearest)
                    searched[person].add(frame)
        gaps = [half for gap in gaps for half in gap.halves()]
    return searched


def _is_seen(gap: Gap, people: Sequence[Person]) -> bool:
    boxes = people[gap.person].boxes
    return gap.before in boxes or gap.after in boxes


def _expected(gap: Gap, values: dict[int, np.ndarray]) -> np.ndarray:
    """The value in the middle of a gap, from the values before and after it, or from the only one known."""
    before, after = values.get(gap.before), values.get(gap.after)
    if before is None or after is None:
        return after if before is None else before
    return before + (after - before) * ((gap.middle - gap.before) / (gap.after - gap.before))


def _places(person: Person, keys: Sequence[int], first: int, n: int) -> np.ndarray:
    """Boxes (n,4) of a person in frames between two key frames that both show them; NaN elsewhere."""
    boxes = np.full((n, 4), np.nan)
    for before, after in pairwise(keys):
        if before in person.boxes and after in person.boxes:
            for frame in range(max(before, first), after + 1):
                share = (frame - before) / (after - before)
                boxes[frame - first] = person.boxes[before] * (1 - share) + person.boxes[after] * share
    return boxes


def _is_of_another(taken: list[np.ndarray], box: np.ndarray, expected: np.ndarray) -> bool:
    """Whether a box overlaps a place that is taken by another person more than the expected place."""
    if not taken:
        return False
    most = np.nan_to_num(overlap(np.stack(taken), box)).max()
    return bool(most > max(OTHERS, float(overlap(expected[None], box)[0])))
