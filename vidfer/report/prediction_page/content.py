"""The page of a prediction as data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vidfer.infer.moment import UNSURE, Moment
from vidfer.infer.prediction_folder import PredictedInput, PredictionFolder
from vidfer.infer.totals import LEAST_SHARE
from vidfer.report.person_timeline import PersonTimeline, Timelines, build_timelines, percent, timelines_of
from vidfer.report.prediction_page.peak_pictures import choose_peaks, cut_pictures
from vidfer.report.prediction_page.rows import Row, build_ribbon, build_rows
from vidfer.report.time_text import clock

MOST_PICTURES = 400
"""The page has about so many pictures at most; they are spread over all people."""
MOST_OF_PERSON = 8
MOST_PEOPLE = 8
"""So many people of an input are shown, those that are seen for longest."""
MOST_ROWS = 600
"""After so many rows of timelines, further inputs are in the overview only."""
MOST_INPUTS = 2000
"""The overview has so many inputs at most."""


@dataclass(frozen=True)
class Peak:
    """A picture of a strip."""

    picture: str
    """``data:`` address; empty if the frame cannot be read any more."""
    label: str
    percent: str
    when: str
    warning: str


@dataclass(frozen=True)
class PersonView:
    """One person of one input."""

    face_id: int
    shares: tuple[tuple[str, float], ...]
    """Label and share of the frames in which the person is seen, largest first."""
    seen_share: float
    first_s: float
    last_s: float
    unsure: float
    warnings: tuple[tuple[str, float], ...]
    """Warning and share of the frames."""
    ribbon: tuple[tuple[str, str], ...]
    """Label and path of the line in the overview."""
    rows: tuple[Row, ...]
    peaks: tuple[Peak, ...]

    @property
    def summary(self) -> str:
        """The timeline in words."""
        told = ", ".join(f"{label.replace('_', ' ')} {100 * share:.0f} %" for label, share in self.shares)
        return f"Face {self.face_id} is seen in {100 * self.seen_share:.0f} % of the frames: {told}."


@dataclass(frozen=True)
class InputView:
    """One input with its people, those that are seen for longest."""

    number: int
    name: str
    state: str
    reason: str
    how_to_turn: str
    """What to do so that its faces are upright; empty where they are."""
    length_s: float
    n_frames: int
    faceless: float
    """Share of the frames in which nobody is seen."""
    n_people: int
    people: tuple[PersonView, ...]
    has_rows: bool
    """Whether its timelines are on the page."""

    @property
    def unsure(self) -> float | None:
        """The highest share of unsure frames of its people."""
        return max((person.unsure for person in self.people), default=None)

    @property
    def warned(self) -> tuple[str, ...]:
        """Warnings that stand in a tenth of a person's frames."""
        found = [word for person in self.people for word, share in person.warnings if share >= 0.1]
        return tuple(dict.fromkeys(found))


def view_inputs(prediction: PredictionFolder, *, pictures: bool = True) -> list[InputView]:
    """Read all tables of a prediction once, and cut the pictures out of its videos."""
    listed = {one.name: one for one in prediction.inputs}
    n_people = sum(min(MOST_PEOPLE, one.n_people) for one in listed.values())
    each = min(MOST_OF_PERSON, MOST_PICTURES // max(1, n_people)) if pictures else 0
    views: dict[str, InputView] = {}
    n_rows = 0
    for name, lines in timelines_of(prediction):
        if name in listed and len(views) < MOST_INPUTS:
            view = _view(listed[name], lines, each, n_rows < MOST_ROWS)
            n_rows += sum(len(person.rows) for person in view.people)
            views[name] = view
    shown = []
    for number, one in enumerate(prediction.inputs[:MOST_INPUTS]):
        view = views.get(one.name) or _view(one, build_timelines((), prediction.classes), 0, False)
        shown.append(InputView(**{**view.__dict__, "number": number}))
    return shown


def _view(one: PredictedInput, lines: Timelines, n_pictures: int, with_rows: bool) -> InputView:
    people = sorted(lines.people.values(), key=lambda person: (-person.n_frames, person.face_id))
    people = sorted(people[:MOST_PEOPLE], key=lambda person: person.face_id)
    peaks = {person.face_id: choose_peaks(person, n_pictures if with_rows else 0) for person in people}
    found = cut_pictures(Path(one.path), [moment for moments in peaks.values() for moment in moments])
    return InputView(
        number=0,
        name=one.name,
        state=one.state,
        reason=one.reason,
        how_to_turn=one.how_to_turn,
        length_s=lines.end_s - lines.start_s,
        n_frames=lines.n_frames,
        faceless=lines.n_faceless / max(1, lines.n_frames),
        n_people=len(lines.people),
        people=tuple(
            _person(person, lines, [_peak(m, found) for m in peaks[person.face_id]], with_rows)
            for person in people
        ),
        has_rows=with_rows and bool(people),
    )


def _peak(moment: Moment, found: dict[tuple[int, int], str]) -> Peak:
    return Peak(
        picture=found.get((moment.frame, moment.face_id), ""),
        label=moment.label,
        percent=percent(moment).replace("%", " %"),
        when=clock(moment.time_s),
        warning=", ".join(moment.warnings),
    )


def _person(person: PersonTimeline, lines: Timelines, peaks: list[Peak], with_rows: bool) -> PersonView:
    n = max(1, person.n_frames)
    return PersonView(
        face_id=person.face_id,
        shares=tuple((label, share) for label, share in person.shares.items() if share > LEAST_SHARE),
        seen_share=person.n_frames / max(1, lines.n_frames),
        first_s=lines.start_s + person.first * lines.step_s,
        last_s=min(lines.end_s, lines.start_s + (person.first + len(person.counts)) * lines.step_s),
        unsure=person.shares.get(UNSURE, 0.0),
        warnings=tuple(sorted(((w, count / n) for w, count in person.warnings.items()), key=lambda x: -x[1])),
        ribbon=tuple(build_ribbon(person, lines)),
        rows=tuple(build_rows(person, lines)) if with_rows else (),
        peaks=tuple(peaks),
    )
