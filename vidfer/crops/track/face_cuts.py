"""Finds cuts around single faces: where one tile of a picture shows somebody else, and the rest stays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from vidfer.crops.detect.boxes import distance
from vidfer.crops.track.appearance import SURELY_LIKE, likeness
from vidfer.crops.track.key_frame import KeyFrame
from vidfer.crops.track.shots import N_AFTER, N_BEFORE, begins_shot

SAMPLES = 24
"""Number of points of a place, across and down, that are compared with those of the next frame."""
MARGIN = 0.15
"""A place is the box of a face and this share of its sides more on each side: the head."""
SAME_PLACE = 0.4
"""A face takes the place of an earlier one if their :func:`~vidfer.crops.detect.boxes.distance` is lower."""
SAME_PICTURE = 0.97
"""Places with a higher correlation show the same in another light. It is higher than for whole frames,
because the heads of two people in one studio are more alike than two pictures."""


@dataclass(frozen=True, eq=False)
class Place:
    """Where a face was seen last in a shot."""

    box: np.ndarray
    """(4,) float32 xyxy."""
    patch: np.ndarray
    """uint8 (24,24,3): the appearance of the face."""


class FaceCuts:
    """Finds cuts at the places of faces, in frames that come in chunks.

    A whole frame changes little where two people in a video call change their tiles. So each place of a face
    is looked at as if it were a frame of its own.
    """

    def __init__(self) -> None:
        self._before: np.ndarray | None = None  # the last frames of the chunk before
        self.places: list[Place] = []
        """Where faces were seen last in this shot."""

    def keep(self, images: Sequence[np.ndarray]) -> None:
        """Remember the last of some frames; the next ones follow them."""
        self._before = np.stack(images[-N_BEFORE:])

    def find(
        self,
        images: np.ndarray,
        next_images: np.ndarray,
        shot_starts: list[int],
        key_frames: Mapping[int, KeyFrame],
    ) -> dict[int, list[Place]]:
        """The places that may be cut, by the position of the first frame after the cut.

        Args:
            images: the next frames of the clip, uint8 (n,H,W,3).
            next_images: the frames after these; three of them are used, fewer at the end of the clip.
            shot_starts: positions among ``images`` at which the whole frame begins a new shot.
            key_frames: by position. The last of ``images`` and the first and last frame of each shot are
                among them.
        """
        known = 0 if self._before is None else len(self._before)
        frames = [*(() if self._before is None else self._before), *images, *next_images[:N_AFTER]]
        cuts: dict[int, list[Place]] = {}
        for before, key in pairwise([-1, *sorted(key_frames)]):
            if key in shot_starts:
                self.places = []
            first = max(-known, before + 1 - N_BEFORE)
            window = frames[known + first : known + key + 1 + N_AFTER]
            for place in self.places:
                for cut in first + np.flatnonzero(begins_shot(_sampled(window, place.box), SAME_PICTURE)):
                    if before < cut <= key:
                        cuts.setdefault(int(cut), []).append(place)
            self.places = _update(self.places, key_frames[key])
        self.keep(images)
        return cuts


def confirm_cuts(
    cuts: Mapping[int, Sequence[Place]], key_frames: Mapping[int, KeyFrame]
) -> dict[int, np.ndarray]:
    """The boxes (m,4) of the places that show another face after the cut, by the same positions.

    A place that shows no face after the cut was covered: this decides nothing. A face that is surely the same
    moved fast.

    Args:
        cuts: the places that may be cut, by the position of the first frame after the cut.
        key_frames: among them, the frame before and the frame after each cut, by position.
    """
    confirmed = {}
    for cut, places in cuts.items():
        # A cut may take two steps. Somebody who is surely the same from its first frame to its last, or from
        # each frame to the next, stays.
        run = [cut - 1, cut]
        if cut - 1 in cuts:
            run.insert(0, cut - 2)
        if cut + 1 in cuts:
            run.append(cut + 1)
        steps = [(key_frames[a], key_frames[b]) for a, b in pairwise(run)]
        ends = key_frames[run[0]], key_frames[run[-1]]
        boxes = [
            place.box
            for place in places
            if _shows_another(place, *ends) and any(_shows_another(place, *step) for step in steps)
        ]
        if boxes:
            confirmed[cut] = np.stack(boxes)
    return confirmed


def at_place(boxes: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Which of the boxes (k,4) are at a place (4,): bool (k,)."""
    return distance(boxes, place) < SAME_PLACE


def _shows_another(place: Place, before: KeyFrame, after: KeyFrame) -> bool:
    """Whether a place shows a face after a cut that is not surely the one before."""
    later = after.patches[at_place(after.faces.boxes, place.box)]
    earlier = before.patches[at_place(before.faces.boxes, place.box)]
    if not len(earlier):
        earlier = place.patch[None]
    return len(later) > 0 and not any((likeness(later, patch) >= SURELY_LIKE).any() for patch in earlier)


def _update(places: Sequence[Place], key: KeyFrame) -> list[Place]:
    """The places of the faces of a key frame, and the earlier places at which it shows no face."""
    left = [place for place in places if not at_place(key.faces.boxes, place.box).any()]
    return [*map(Place, key.faces.boxes, key.patches), *left]


def _sampled(images: list[np.ndarray], place: np.ndarray) -> np.ndarray:
    """A place in each of n frames, as float32 (n,24,24,3)."""
    height, width = images[0].shape[:2]
    size = np.tile(place[2:] - place[:2], 2) * MARGIN
    x1, y1, x2, y2 = (place + size * (-1, -1, 1, 1)).round().astype(int)
    x1, y1 = np.clip((x1, y1), 0, (width - 1, height - 1))
    x2, y2 = np.clip((x2, y2), (x1 + 1, y1 + 1), (width, height))
    cuts = [cv2.resize(image[y1:y2, x1:x2], (SAMPLES, SAMPLES)) for image in images]
    return np.stack(cuts).astype(np.float32)
