"""Follows everybody through a film of any length, in one pass."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from vidfer.crops.decode.video import FrameChunk
from vidfer.crops.detect.face_detector import FaceDetector
from vidfer.crops.detect.side_by_side import alone
from vidfer.crops.settings import CropSettings
from vidfer.crops.track.complete_track import complete_track, reach_s
from vidfer.crops.track.follow import follow_people
from vidfer.crops.track.followed_face import MISSING, FaceTrack
from vidfer.crops.track.key_frame import KeyFrame
from vidfer.crops.track.key_frames import KeyFrameScanner
from vidfer.crops.track.link import PeopleLinker
from vidfer.crops.track.track_faces import assume_face

LEAST_FRAMES = 3
"""A face that is found in fewer frames than this is taken for a mistake, but in a film that is shorter."""


OWN_STATE = ("first", "_past", "_times_s", "_shots", "_numbers", "_n_seen", "_detected", "_previous")
"""The fields of a :class:`FaceStream` that its state keeps."""


@dataclass(frozen=True)
class FollowedFrames:
    """Some consecutive frames of a film, and the faces in them, which no later frame changes."""

    first: int
    """Number of the first of them in the film, from 0."""
    images: list[np.ndarray]
    """n frames, uint8 (H,W,3) RGB, enhanced."""
    times_s: np.ndarray
    """(n,) float64."""
    faces: dict[int, FaceTrack]
    """Tracks of n frames, by the number of the person. People who are in none of the frames are left out."""

    def __len__(self) -> int:
        return len(self.times_s)


@dataclass
class FaceStream:
    """Follows everybody through a film: :meth:`feed` takes its chunks, :meth:`end` what is left.

    It does what :func:`vidfer.crops.track.track_faces.track_faces` does with ``face="all"``, and finds the
    same faces. The difference: nobody is left out for being seen in a small share of the film, which is not
    known before its end. So the frames are read once, and memory holds about a second of them.
    """

    settings: CropSettings
    detector: FaceDetector
    first: int = 0
    """Number of the first frame that has not been given."""
    _images: list[np.ndarray] = field(default_factory=list)
    """The frames that have not been given."""
    _past: int = 0
    """Number of the first frame of ``_times_s``, which also holds frames that others still depend on."""
    _times_s: np.ndarray = field(default_factory=lambda: np.empty(0))
    _shots: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    _numbers: dict[int, int] = field(default_factory=dict)
    """Place of a person among the people of the linker -> the number that others know."""
    _n_seen: list[int] = field(default_factory=list)
    _detected: list[set[int]] = field(default_factory=list)
    """In which frames each person of the linker was found by a search of the whole frame."""
    _previous: tuple[int, KeyFrame] | None = None

    def __post_init__(self) -> None:
        self._scanner, self._linker = KeyFrameScanner(self.settings), PeopleLinker()

    def feed(self, chunk: FrameChunk, next_images: np.ndarray) -> FollowedFrames:
        """Follow everybody through the next chunk.

        Args:
            chunk: frames that follow those of the last call.
            next_images: the frames after these; three of them are used, fewer at the end of the film.

        Returns:
            The frames whose faces are known now, in order: mostly older ones.
        """
        self._times_s = np.append(self._times_s, chunk.times_s)
        self._images += list(chunk.images)
        if self.settings.face == "picture":
            self._shots = np.append(self._shots, np.zeros(len(chunk), np.int64))
            return self._give(len(self._images))
        first = self._past + len(self._times_s) - len(chunk)
        scanned = alone(self._scanner.scan(chunk, next_images), self.detector)
        self._shots = np.append(self._shots, scanned.shots)
        for frame in sorted(scanned.key_frames):
            self._linker.add(frame, scanned.key_frames[frame])
        people = self._linker.people
        self._detected += [set() for _ in people[len(self._detected) :]]
        self._n_seen += [0] * (len(people) - len(self._n_seen))
        keys = dict([self._previous] if self._previous else []) | scanned.key_frames
        here = [i for i, person in enumerate(people) if not keys.keys().isdisjoint(person.boxes)]
        for i in here:
            self._detected[i] |= scanned.key_frames.keys() & people[i].boxes.keys()
        shown = [people[i] for i in here]
        follow = follow_people(chunk, first, shown, shown, keys, self.settings.thresholds[2])
        for i, searched in zip(here, alone(follow, self.detector)):
            self._detected[i] |= searched
            self._n_seen[i] += sum(frame >= first for frame in people[i].boxes)
        last = max(scanned.key_frames)
        self._previous = last, scanned.key_frames[last]
        known_s = self._times_s[-1] - reach_s(self.settings)
        is_known = np.searchsorted(self._times_s, known_s, side="right") + self._past - self.first
        return self._give(max(0, int(is_known)))

    def end(self) -> FollowedFrames:
        """The frames that are left."""
        return self._give(len(self._images))

    def state(self) -> dict:
        """What :meth:`restore` needs to go on from here: all but pictures, which can be read again."""
        own = {name: value for name, value in vars(self).items() if name in OWN_STATE}
        return own | {"people": self._linker.people, "scanner": self._scanner.state()}

    def restore(self, state: dict, images: list[np.ndarray]) -> None:
        """Go on from a state.

        Args:
            state: of a stream that was fed the same frames.
            images: the last of these frames, at least those from ``state["first"]`` on and four more.
        """
        self.__dict__.update({name: state[name] for name in OWN_STATE})
        self._linker.people = state["people"]
        n_fed = self._past + len(self._times_s)
        self._images = images[len(images) - (n_fed - self.first) :] if n_fed > self.first else []
        self._scanner.restore(state["scanner"], images)

    def _give(self, n: int) -> FollowedFrames:
        """The next n frames; forget what no later one depends on."""
        start, stop = self.first - self._past, self.first - self._past + n
        images, times_s = self._images[:n], self._times_s[start:stop]
        faces: dict[int, FaceTrack] = {}
        found: dict[int, FaceTrack] = {}
        if n and self.settings.face == "picture":
            height, width = images[0].shape[:2]
            faces[0] = assume_face(FaceTrack.missing(times_s), width, height, self.settings)
        least = min(LEAST_FRAMES, self._past + len(self._times_s))
        for i, person in enumerate(self._linker.people) if n else ():
            if not person.boxes or self._n_seen[i] < least:
                continue
            track = complete_track(
                self._times_s, self._shots, person, self._detected[i], self.settings, self._past
            )
            track = track[start:stop]
            if (track.status != MISSING).any():
                found[i] = track
        for i in sorted(found, key=lambda i: _appears(found[i])):
            faces[self._numbers.setdefault(i, len(self._numbers))] = found[i]
        given = FollowedFrames(self.first, images, times_s, faces)
        del self._images[:n]
        self.first += n
        self._forget()
        return given

    def _forget(self) -> None:
        if not len(self._times_s):
            return
        next_s = self._times_s[min(self.first - self._past, len(self._times_s) - 1)]
        keep = max(0, int(np.searchsorted(self._times_s, next_s - reach_s(self.settings))) - 1)
        self._past += keep
        self._times_s, self._shots = self._times_s[keep:], self._shots[keep:]
        for person, detected in zip(self._linker.people, self._detected):
            person.forget(self._past)
            detected.difference_update([frame for frame in detected if frame < self._past])


def _appears(track: FaceTrack) -> tuple[int, float]:
    """When a person is first seen, and how far to the right: the order in which people are numbered."""
    first = int(np.flatnonzero(track.status != MISSING)[0])
    return first, float(track.boxes_xyxy[first, 0])
