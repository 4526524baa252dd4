"""From followed faces to moments: what each person expresses in each frame, while the film is read."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from vidfer.crops import REGIONS, STATUS
from vidfer.crops.regions import crop_regions
from vidfer.crops.settings import CropSettings
from vidfer.crops.track.follow_stream import FollowedFrames
from vidfer.crops.track.followed_face import MISSING, FaceTrack
from vidfer.infer.classifier import Classifier
from vidfer.infer.face_quality import FaceQuality, measure_face, quality_warnings
from vidfer.infer.moment import UNSURE, Moment
from vidfer.infer.settings import WindowSettings
from vidfer.infer.windows import PersonWindows
from vidfer.timing import timed

BATCH = 32
"""The most windows that the network sees at once."""


@dataclass
class _Frame:
    """A frame whose moments wait for the network."""

    number: int
    time_s: float
    faces: dict[int, tuple[FaceTrack, FaceQuality | None]]
    """Of each person who is seen: the track of this frame alone, and how well the face is seen where it was
    measured."""


@dataclass
class ExpressionStream:
    """Asks a classifier about windows of everybody, and says for each frame what each person expresses."""

    input: str
    """The name of the film in the moments."""
    classifier: Classifier
    crops: CropSettings
    """How faces are cut. The size of the crops is the classifier's."""
    windows: WindowSettings
    batch: int = BATCH
    _people: dict[int, PersonWindows] = field(default_factory=dict)
    _quality: dict[int, FaceQuality] = field(default_factory=dict)
    """How well each person was seen in the frame that was cut last."""
    _waiting: list[_Frame] = field(default_factory=list)
    _start_s: float | None = None

    def state(self) -> dict:
        """What :meth:`restore` needs to go on from here."""
        return {
            "people": {number: person.state() for number, person in self._people.items()},
            "quality": self._quality,
            "waiting": [(frame.number, frame.time_s, frame.faces) for frame in self._waiting],
            "start_s": self._start_s,
        }

    def restore(self, state: dict) -> None:
        """Go on from a state."""
        self._start_s, self._quality = state["start_s"], state["quality"]
        self._waiting = [_Frame(*values) for values in state["waiting"]]
        for number, of_person in state["people"].items():
            person = self._people[number] = PersonWindows(self.windows, self._start_s)
            person.restore(of_person)

    def feed(self, followed: FollowedFrames) -> list[list[Moment]]:
        """Take the next frames, and give the moments of all frames that are known now, frame by frame.

        A frame is known when all windows that count for it are: after about one and a half windows.
        """
        if self._start_s is None:
            self._start_s = float(followed.times_s[0])
        with timed("cut"):
            measured = {number: self._see(number, followed) for number in followed.faces}
        for i, time_s in enumerate(followed.times_s.tolist()):
            faces = {
                number: (track[i : i + 1], measured[number].get(i))
                for number, track in followed.faces.items()
                if track.status[i] != MISSING
            }
            self._waiting.append(_Frame(followed.first + i + 1, time_s, faces))
        until_s = float(followed.times_s[-1])
        self._ask(until_s)
        settings = self.windows
        return self._give(until_s - settings.reach_s - settings.window_s / 2 - settings.slot_s)

    def end(self) -> list[list[Moment]]:
        """The moments of all frames that are left."""
        self._ask(math.inf)
        return self._give(math.inf)

    def _see(self, number: int, followed: FollowedFrames) -> dict[int, FaceQuality]:
        """Cut out a person where the network looks; how well the person is seen there, by frame."""
        track, measured = followed.faces[number], {}

        def cut(i: int) -> np.ndarray:
            regions = ("face", *self.classifier.regions)
            squares = crop_regions(followed.images[i], track.landmarks[i], self.crops, regions)
            measured[i] = measure_face(
                track.landmarks[i], squares[REGIONS.index("face")], self.crops, STATUS[track.status[i]]
            )
            return squares.transpose(0, 3, 1, 2)

        person = self._people.setdefault(number, PersonWindows(self.windows, self._start_s))
        person.see(followed.times_s, track.status != MISSING, cut)
        if measured:  # at first, also frames before the one that is cut count as seen like it
            self._quality.setdefault(number, next(iter(measured.values())))
        return measured

    def _ask(self, until_s: float) -> None:
        """Ask the classifier about all windows that are complete."""
        asked = [(person, *window) for person in self._people.values() for window in person.complete(until_s)]
        for first in range(0, len(asked), self.batch):
            some = asked[first : first + self.batch]
            with timed("network"):
                answers = self.classifier.probabilities(
                    np.stack([crops for _, _, crops, _ in some]), np.stack([mask for *_, mask in some])
                )
            for (person, window, *_), answer in zip(some, answers):
                person.answer(window, answer)

    def _give(self, until_s: float) -> list[list[Moment]]:
        n = sum(frame.time_s <= until_s for frame in self._waiting)
        given = [self._moments(frame) for frame in self._waiting[:n]]
        del self._waiting[:n]
        for person in self._people.values():
            person.forget(self._waiting[0].time_s if self._waiting else until_s)
        return given

    def _moments(self, frame: _Frame) -> list[Moment]:
        of_frame = {"input": self.input, "frame": frame.number, "time_s": frame.time_s}
        moments = []
        for number, (track, quality) in sorted(frame.faces.items()):
            if quality is not None:
                self._quality[number] = quality
            quality = self._quality[number]
            status = STATUS[track.status[0]]
            answer = self._people[number].at(frame.time_s)
            best = int(answer.argmax())
            sure = answer[best] >= self.classifier.about.get("threshold", 0.0)
            moments.append(
                Moment(
                    **of_frame,
                    face_id=number,
                    score=float(track.scores[0]),
                    box_xyxy=track.boxes_xyxy[0],
                    landmarks=track.landmarks[0],
                    status=status,
                    label=self.classifier.classes[best] if sure else UNSURE,
                    probabilities=dict(zip(self.classifier.classes, answer.tolist())),
                    face_px=quality.face_px,
                    sharpness=quality.sharpness,
                    turn_deg=quality.turn_deg if math.isfinite(quality.turn_deg) else None,
                    brightness=quality.brightness,
                    warnings=quality_warnings(quality, status),
                )
            )
        return moments or [Moment(**of_frame)]
