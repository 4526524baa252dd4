"""The second look at a clip: people are followed through the frames between key frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from vidfer.crops.decode.video import FrameChunk
from vidfer.crops.detect.boxes import distance, overlap
from vidfer.crops.detect.detect import FaceDetector, Faces, squares_around
from vidfer.crops.track.key_frames import FirstLook
from vidfer.crops.track.link import NEAR, Person

OTHERS = 0.3
"""A box that overlaps another person's by more than this, and more than the place where it is looked for, is
that person's."""


@dataclass(frozen=True)
class Gap:
    """Frames between two, of which at least one shows the person."""

    person: int
    before: int
    after: int
    """Numbers of the two frames in the clip."""

    @property
    def middle(self) -> int:
        return (self.before + self.after) // 2


def follow_people(
    chunk: FrameChunk,
    first: int,
    people: Sequence[Person],
    everybody: Sequence[Person],
    look: FirstLook,
    detector: FaceDetector,
) -> list[set[int]]:
    """Look for people in the frames of a chunk that are no key frames, always in the middle of a gap first.

    In the middle frame of each gap O-Net looks at the place on the line between the boxes before and after,
    or at the only one known, in all gaps at once; halves of a gap are gaps again. So the place where to look
    is never far off, nothing drifts, and nothing lags. R-Net is left out: it would have O-Net look from
    another place than in the key frames, and the boxes would agree less with theirs. If O-Net's score falls
    below its threshold, the whole frame is searched. Where somebody comes or goes, the gaps without that
    person are left.

    Args:
        first: number of the chunk's first frame.
        people: who is followed; what is found is added.
        everybody: all people of the clip, by their faces in key frames: nobody is followed onto the face
            of another.
        look: the first look.

    Returns:
        For each of the people the frames in which the search of the whole frame found them.
    """
    keys = sorted(key for key in look.keys if first - 1 <= key < first + len(chunk))
    gaps = [
        Gap(person, before, after)
        for before, after in pairwise(keys)
        if look.shots[before] == look.shots[after]
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
        found = Faces(*detector.follow(chunk.images, middles - first, squares), margins)
        lost: dict[int, list[int]] = {}
        for i, gap in enumerate(gaps):
            taken = [boxes[gap.middle - first] for boxes in others[gap.person]]
            if found.scores[i] >= detector.settings.thresholds[2] and not _is_one_of(
                taken, found.boxes[i], expected[i]
            ):
                people[gap.person].add(gap.middle, found, i)
            else:
                lost.setdefault(gap.middle, []).append(i)
        frames = sorted(lost)
        for frame, faces in zip(frames, detector.detect(chunk.images[[frame - first for frame in frames]])):
            for i in lost[frame] if len(faces) else ():
                person, unlike = gaps[i].person, distance(faces.boxes, expected[i])
                nearest = int(unlike.argmin())
                taken = [boxes[frame - first] for boxes in others[person]]
                if unlike[nearest] < NEAR and not _is_one_of(taken, faces.boxes[nearest], expected[i]):
                    people[person].add(frame, faces, nearest)
                    searched[person].add(frame)
        gaps = [
            half
            for gap in gaps
            for half in (Gap(gap.person, gap.before, gap.middle), Gap(gap.person, gap.middle, gap.after))
        ]
    return searched


def _is_seen(gap: Gap, people: Sequence[Person]) -> bool:
    boxes = people[gap.person].boxes
    return gap.before in boxes or gap.after in boxes


def _expected(gap: Gap, values: dict[int, np.ndarray]) -> np.ndarray:
    """The value in the middle of a gap, given that before or after it, or both."""
    before, after = values.get(gap.before), values.get(gap.after)
    if before is None or after is None:
        return after if before is None else before
    return before + (after - before) * ((gap.middle - gap.before) / (gap.after - gap.before))


def _places(person: Person, keys: Sequence[int], first: int, n: int) -> np.ndarray:
    """Boxes (n,4) of somebody in frames between two key frames that both show them; NaN elsewhere."""
    boxes = np.full((n, 4), np.nan)
    for before, after in pairwise(keys):
        if before in person.boxes and after in person.boxes:
            for frame in range(max(before, first), after + 1):
                share = (frame - before) / (after - before)
                boxes[frame - first] = person.boxes[before] * (1 - share) + person.boxes[after] * share
    return boxes


def _is_one_of(taken: list[np.ndarray], box: np.ndarray, expected: np.ndarray) -> bool:
    """Whether a box lies rather in a place that is taken by somebody else than where it is expected."""
    if not taken:
        return False
    met = np.nan_to_num(overlap(np.stack(taken), box))
    return bool(met.max() > max(OTHERS, float(overlap(expected[None], box)[0])))
