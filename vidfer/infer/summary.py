"""What frames add up to: segments of one label, and a summary of each person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from vidfer.infer.moment import UNSURE, Moment

SEGMENT_COLUMNS = ("input", "face_id", "start_s", "end_s", "label", "probability", "unsure_share")

LONGEST_GAP_S = 0.5
"""A person who is not seen in frames that last longer than this begins a new segment."""


@dataclass(frozen=True, kw_only=True)
class Segment:
    """A stretch of film in which one expression stays the most probable one of a person."""

    input: str
    face_id: int
    start_s: float
    end_s: float
    """Time of the first frame after it; of the last frame of the film or of the person, plus one frame."""
    label: str
    """The expression, or ``unsure`` if more than half of its frames are."""
    probability: float
    """Mean probability of the most probable expression, 0..1."""
    unsure_share: float
    """Share of its frames that are unsure, 0..1."""

    def row(self) -> list:
        """The cells, in the order of :data:`SEGMENT_COLUMNS`."""
        return [getattr(self, name) for name in SEGMENT_COLUMNS]


def clip_columns(classes: Sequence[str]) -> tuple[str, ...]:
    """Of ``clips.csv``: who, when and how well; then mean probabilities, then shares of the labels."""
    means, shares = (f"mean_{name}" for name in classes), (f"share_{name}" for name in classes)
    return (
        *("input", "face_id", "start_s", "end_s", "n_frames", "seen_share", "label", "unsure_share"),
        *("face_px", "sharpness", "brightness", "warned_share", *means, *shares),
    )


@dataclass
class PersonSums:
    """The sums of one person, and the segment that goes on."""

    first_s: float
    last_s: float = 0.0
    after_s: float | None = None
    """Time of the frame after the one in which the person was seen last; None while there is none yet."""
    n_frames: int = 0
    n_warned: int = 0
    labels: Counter[str] = field(default_factory=Counter)
    probability: np.ndarray | float = 0.0
    quality: np.ndarray | float = 0.0
    top: str = ""
    since_s: float = 0.0
    n_here: int = 0
    unsure_here: int = 0
    probability_here: float = 0.0


class FilmSummary:
    """Adds up the frames of one film. Memory grows with the people, not with the length."""

    def __init__(self, name: str, classes: Sequence[str]) -> None:
        """``name``: of the input; ``classes``: the expressions."""
        self.name, self.classes = name, tuple(classes)
        self.n_frames = 0
        self._people: dict[int, PersonSums] = {}
        self._seen: list[int] = []
        """Who was seen in the last frame."""
        self._last_s, self._frame_s = 0.0, 0.0

    def state(self) -> dict:
        """What :meth:`restore` needs to go on from here."""
        return {name: value for name, value in vars(self).items() if name not in ("name", "classes")}

    def restore(self, state: dict) -> None:
        """Go on from a state."""
        self.__dict__.update(state)

    @property
    def n_people(self) -> int:
        """Number of people so far."""
        return len(self._people)

    def add(self, moments: Sequence[Moment]) -> Iterator[Segment]:
        """Take the moments of the next frame, and give the segments that end before it."""
        time_s = moments[0].time_s
        if self.n_frames:
            self._frame_s = time_s - self._last_s
        for number in self._seen:
            self._people[number].after_s = time_s
        self._seen = [moment.face_id for moment in moments if moment.has_face]
        self.n_frames, self._last_s = self.n_frames + 1, time_s
        for moment in moments:
            if moment.has_face:
                yield from self._add(moment)

    def _add(self, moment: Moment) -> Iterator[Segment]:
        time_s, top = moment.time_s, max(moment.probabilities, key=moment.probabilities.get)
        person = self._people.get(moment.face_id)
        if person is None:
            person = self._people[moment.face_id] = PersonSums(first_s=time_s)
        elif person.n_here:
            is_gone = time_s - person.after_s > LONGEST_GAP_S
            if top != person.top or is_gone:
                yield self._segment(moment.face_id, person, person.after_s if is_gone else time_s)
        if not person.n_here:
            person.top, person.since_s = top, time_s
        probability = np.array([moment.probabilities[name] for name in self.classes])
        person.n_here += 1
        person.unsure_here += moment.label == UNSURE
        person.probability_here += moment.probabilities[top]
        person.last_s, person.after_s, person.n_frames = time_s, None, person.n_frames + 1
        person.labels[moment.label] += 1
        person.n_warned += bool(moment.warnings)
        person.probability = person.probability + probability
        person.quality = person.quality + np.array([moment.face_px, moment.sharpness, moment.brightness])

    def end(self) -> Iterator[Segment]:
        """The segments that last to the end of the film."""
        for number, person in self._people.items():
            if person.n_here:
                yield self._segment(number, person, self._end_s(person))

    def _end_s(self, person: PersonSums) -> float:
        """When a person was not seen any more; at the end of the film, as long after as the frame before."""
        return person.last_s + self._frame_s if person.after_s is None else person.after_s

    def _segment(self, number: int, person: PersonSums, end_s: float) -> Segment:
        n = person.n_here
        is_unsure = 2 * person.unsure_here > n
        segment = Segment(
            input=self.name,
            face_id=number,
            start_s=round(person.since_s, 6),
            end_s=round(end_s, 6),
            label=UNSURE if is_unsure else person.top,
            probability=round(person.probability_here / n, 4),
            unsure_share=round(person.unsure_here / n, 4),
        )
        person.n_here = person.unsure_here = 0
        person.probability_here = 0.0
        return segment

    def people_rows(self) -> list[list]:
        """A row of :func:`clip_columns` for each person."""
        rows = []
        for number, person in sorted(self._people.items()):
            n = person.n_frames
            sure = Counter({name: k for name, k in person.labels.items() if name != UNSURE})
            rows.append(
                [
                    *(
                        self.name,
                        number,
                        round(person.first_s, 6),
                        round(self._end_s(person), 6),
                        n,
                    ),
                    round(n / self.n_frames, 4),
                    sure.most_common(1)[0][0] if sure else UNSURE,
                    round(person.labels[UNSURE] / n, 4),
                    *(round(float(value) / n, 2) for value in person.quality),
                    round(person.n_warned / n, 4),
                    *(round(float(value) / n, 4) for value in person.probability),
                    *(round(person.labels[name] / n, 4) for name in self.classes),
                ]
            )
        return rows
