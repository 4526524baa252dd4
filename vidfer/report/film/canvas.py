"""A frame of the film: the picture, and below it a card for each person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vidfer.crops.decode.frame_memory import new_frames
from vidfer.infer.moment import Moment
from vidfer.report.expression_colours import colours_of
from vidfer.report.film.card import PAPER, QUIET, Card
from vidfer.report.film.lettering import fit, width_of, write
from vidfer.report.film.marks import draw_marks
from vidfer.report.time_text import clock

MOST_CARDS = 6
MOST_BARS = 8
LEAST_BARS = 5
"""A card is at least so high as for this number of bars."""
LEAST_WIDTH_PX = 480
"""A smaller picture gets room at its sides."""
LETTERS_PX, LEAST_LETTERS_PX, MOST_LETTERS_PX = 15 / 720, 11, 48
"""Height of the letters: in short sides of the picture, and limits in pixels."""
CARD_WIDTH = 25
"""Least width of a card in heights of letters."""
SPAN_S, LEAST_SPAN_S = 8.0, 1.0
LEAST_BREAK_S = 0.5
MOTTO = "what a face shows is not what a person feels"


@dataclass(frozen=True, kw_only=True)
class FilmPlan:
    """What is known of an input before its film is drawn."""

    classes: tuple[str, ...]
    """The expressions that have bars."""
    colours: dict[str, str]
    n_cards: int
    model: str
    threshold: float | None
    first_s: float
    last_s: float
    """Times of the first and the last frame of the film."""
    n_frames: int

    @property
    def span_s(self) -> float:
        """The curves show so many seconds: all of a short film, the last ones of a long film."""
        return min(SPAN_S, max(LEAST_SPAN_S, self.last_s - self.first_s))

    @property
    def break_s(self) -> float:
        """Curves break where a person is not seen for longer: half a second, or two frames of a slow film."""
        return max(LEAST_BREAK_S, 2.5 * (self.last_s - self.first_s) / max(1, self.n_frames - 1))

    @classmethod
    def of(cls, frames, classes: Sequence[str], model: dict) -> FilmPlan | None:
        """Read all moments of an input once; None if there are none."""
        n_frames, n_people, first_s, last_s = 0, 0, 0.0, 0.0
        sums = dict.fromkeys(classes, 0.0)
        for moments in frames:
            first_s = first_s if n_frames else moments[0].time_s
            last_s, n_frames = moments[0].time_s, n_frames + 1
            n_people = max(n_people, sum(moment.has_face for moment in moments))
            if len(classes) > MOST_BARS:
                for moment in moments:
                    for name, share in moment.probabilities.items():
                        sums[name] += share
        if not n_frames:
            return None
        likely = sorted(classes, key=lambda name: -sums[name])[:MOST_BARS]
        threshold = model.get("threshold")
        return cls(
            classes=tuple(name for name in classes if name in likely),
            colours=colours_of(classes),
            n_cards=min(MOST_CARDS, n_people),
            model=str(model.get("name", "")),
            threshold=float(threshold) if isinstance(threshold, (int, float)) else None,
            first_s=first_s,
            last_s=last_s,
            n_frames=n_frames,
        )


class Canvas:
    """Draws the frames of one film, in order of time.

    Args:
        height: of the video's frames, in pixels.
        width: of the video's frames.
        plan: what the film shows.
    """

    def __init__(self, height: int, width: int, plan: FilmPlan) -> None:
        self.plan = plan
        self.picture = height, width
        letters = round(LETTERS_PX * min(height, width))
        self.size_px = unit = min(MOST_LETTERS_PX, max(LEAST_LETTERS_PX, letters))
        self.width = max(LEAST_WIDTH_PX, width)
        self.width += self.width % 2
        self.left = (self.width - width) // 2
        n = plan.n_cards
        columns = max(1, min(n, self.width // (CARD_WIDTH * unit)))
        n_rows = -(-n // columns)
        columns = -(-n // max(1, n_rows))
        card_px = round((3.4 + 1.15 * max(LEAST_BARS, len(plan.classes))) * unit)
        self.foot_px = round(1.8 * unit)
        self.height = height + n_rows * card_px + self.foot_px
        self.height += self.height % 2
        self.ground = np.full((self.height, self.width, 3), PAPER, np.uint8)
        self.ground[:height] = 0
        self.cards: list[Card] = []
        self.places: list[tuple[slice, slice]] = []
        for number in range(n):
            row, column = divmod(number, columns)
            x1, x2 = (round(self.width * edge / columns) for edge in (column, column + 1))
            y1 = height + row * card_px
            self.cards.append(
                Card(
                    (x2 - x1, card_px),
                    plan.classes,
                    plan.colours,
                    unit,
                    plan.threshold,
                    plan.span_s,
                    plan.break_s,
                )
            )
            self.places.append((slice(y1, y1 + card_px), slice(x1, x2)))
        self.owners: list[int | None] = [None] * n
        self.seen_s = [-np.inf] * n
        """When each card's person was last seen."""
        end = self.width - unit, self.height - self.foot_px / 2
        room = self.width - 8 * unit
        # A long name is cut, the motto is not. A whole is a little wider than its parts: a letter is free.
        left = room - unit - width_of(f"  ·  {MOTTO}", unit)
        name = fit(f"vidfer {plan.model}", unit, left) if plan.model else ""
        words = f"{name}  ·  {MOTTO}" if name else MOTTO
        write(self.ground, words, end, unit, QUIET, anchor="right", width_px=room)

    def draw(self, image: np.ndarray, time_s: float, moments: Sequence[Moment]) -> np.ndarray:
        """The frame of the film, uint8 (height, width, 3), from the frame of the video and its moments."""
        frame = new_frames(self.ground.shape)
        frame[:] = self.ground
        height, width = self.picture
        picture = frame[:height, self.left : self.left + width]
        picture[:] = image
        people = [moment for moment in moments if moment.has_face]
        draw_marks(picture, people, self.plan.colours, self.size_px)
        here = {moment.face_id: moment for moment in people}
        self._give_cards(here, time_s)
        for card, (rows, columns), owner in zip(self.cards, self.places, self.owners):
            if owner is not None:
                card.draw(frame[rows, columns], time_s, here.get(owner))
                card.title(frame[rows, columns], owner, owner in here)
        write(frame, clock(time_s), (self.size_px, self.height - self.foot_px / 2), self.size_px)
        return frame

    def _give_cards(self, here: dict[int, Moment], time_s: float) -> None:
        """A new person gets a free card, or that of the person who was not seen for longest."""
        for face in here:
            if face in self.owners:
                continue
            free = [i for i, owner in enumerate(self.owners) if owner not in here]
            if free:
                # The first of those that nobody ever had.
                place = min(free, key=lambda i: (self.seen_s[i], i))
                self.owners[place] = face
                self.cards[place].forget()
        for i, owner in enumerate(self.owners):
            if owner in here:
                self.seen_s[i] = time_s
                self.cards[i].add(here[owner])
