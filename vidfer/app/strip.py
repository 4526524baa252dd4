"""The film strip of a person: faces from all along the film, and above them a curve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from vidfer.crops import REGIONS
from vidfer.crops.regions import crop_regions
from vidfer.infer.classifier import Classifier, NetworkClassifier
from vidfer.infer.moment import Moment
from vidfer.infer.predictor import Predictor
from vidfer.report.film_strip import crops_address
from vidfer.report.person_timeline import sureness
from vidfer.report.strip_curve import COLUMN_PX, StripCurve

MOST_FRAMES = 9
"""A strip has so many frames at most."""
CURVE_PX = 84
TOP_PX, BOTTOM_PX = 20.0, 76.0


class StripFrames:
    """Keeps moments of each person, evenly spread over a film of any length."""

    def __init__(self) -> None:
        self._kept: dict[int, list[Moment]] = {}
        self._every: dict[int, int] = {}
        self._seen: dict[int, int] = {}

    def add(self, moments: Sequence[Moment]) -> None:
        """Take the moments of the next frame."""
        for moment in moments:
            number = moment.face_id
            if number is None:
                continue
            seen = self._seen.get(number, 0)
            self._seen[number] = seen + 1
            kept, every = self._kept.setdefault(number, []), self._every.setdefault(number, 1)
            if seen % every == 0:
                kept.append(moment)
            if len(kept) > 4 * MOST_FRAMES:
                del kept[1::2]
                self._every[number] = 2 * every

    def of_longest(self, n_people: int) -> dict[int, list[Moment]]:
        """The moments of those who are seen for longest: number of the person -> up to a strip of them."""
        longest = sorted(self._seen, key=lambda number: (-self._seen[number], number))[:n_people]
        chosen = {}
        for number in sorted(longest):
            kept = self._kept[number]
            places = np.unique(np.linspace(0, len(kept) - 1, min(len(kept), MOST_FRAMES)).round().astype(int))
            chosen[number] = [kept[place] for place in places]
        return chosen


@dataclass(frozen=True, kw_only=True)
class Point:
    """A frame of the strip; positions are CSS pixels within the curve."""

    x: float
    y: float
    text: str
    time_s: float
    label: str


@dataclass(frozen=True, kw_only=True)
class Strip:
    """The strip of one person."""

    face_id: int
    points: tuple[Point, ...]
    line: str
    """The curve as points of an SVG polyline."""
    picture: str
    """``data:`` address with a row for each region and a column for each frame; empty if it is not shown."""
    regions: tuple[str, ...]
    is_attention: bool
    """Whether the curve is the network's attention; else it is the probability of the label."""
    even_y: float | None
    """Height at which all frames would have the same attention; None for a probability."""

    @property
    def width_px(self) -> int:
        return COLUMN_PX * len(self.points)


class StripCrops:
    """Cuts the faces of the strips out of a film, while the film is read for something else."""

    def __init__(self, predictor: Predictor, chosen: dict[int, list[Moment]]) -> None:
        """``chosen``: number of the person -> moments, in order of time, which have landmarks."""
        self.chosen = chosen
        self._settings = replace(predictor.films, size_px=predictor.classifier.crop_px)
        self._wanted: dict[int, list[Moment]] = {}
        for moment in (moment for moments in chosen.values() for moment in moments):
            self._wanted.setdefault(moment.frame, []).append(moment)
        self._crops: dict[tuple[int, int | None], np.ndarray] = {}

    def look(self, image: np.ndarray, moments: Sequence[Moment]) -> None:
        """Take what is wanted of a frame, uint8 (H, W, 3) RGB; ``moments``: those of the frame."""
        for moment in self._wanted.get(moments[0].frame, ()):
            assert moment.landmarks is not None  # a moment that was just predicted has them
            squares = crop_regions(image, moment.landmarks, self._settings, REGIONS)
            self._crops[moment.frame, moment.face_id] = squares.transpose(0, 3, 1, 2)

    def of(self, number: int) -> list[tuple[Moment, np.ndarray]]:
        """The moments of a person whose frame was seen, each with its crops (3, 3, S, S) in RGB."""
        found = ((moment, self._crops.get((moment.frame, number))) for moment in self.chosen[number])
        return [(moment, crops) for moment, crops in found if crops is not None]


def build_strips(classifier: Classifier, crops: StripCrops, *, pictures: bool = True) -> list[Strip]:
    """The strips of some people of a film.

    Args:
        classifier: who predicted; if its network weighs frames, the curve shows how much each one counts.
        crops: has seen the film.
        pictures: whether faces are shown.
    """
    found = {number: crops.of(number) for number in crops.chosen}
    return [
        _strip(classifier, number, *zip(*seen), pictures=pictures) for number, seen in found.items() if seen
    ]


def _strip(classifier: Classifier, number: int, moments: tuple, crops: tuple, *, pictures: bool) -> Strip:
    attention = frame_attention(classifier, np.stack(crops))
    if attention is None:
        values, even = np.array([sureness(moment) for moment in moments]), None
        texts = [f"{100 * value:.0f}" for value in values]
    else:
        values, even = attention * len(moments), 1.0
        texts = [f"{value:.1f}" for value in values]
    curve = StripCurve(values=values, even=even, top_px=TOP_PX, bottom_px=BOTTOM_PX)
    points = tuple(
        Point(x=x, y=y, text=text, time_s=moment.time_s, label=moment.label)
        for (x, y), text, moment in zip(curve.points, texts, moments)
    )
    regions = tuple(region for region in REGIONS if region in ("face", *classifier.regions))
    shown = np.stack(crops)[:, [REGIONS.index(region) for region in regions]]
    return Strip(
        face_id=number,
        points=points,
        line=curve.line,
        picture=crops_address(shown, f"face {number}") if pictures else "",
        regions=regions if pictures else (),
        is_attention=attention is not None,
        even_y=curve.even_y,
    )


@torch.no_grad()
def frame_attention(classifier: Classifier, crops: np.ndarray) -> np.ndarray | None:
    """How much each frame counts for a network that sees these frames as one clip: (T,), the sum is 1.

    Args:
        classifier: who predicts.
        crops: uint8 (T, 3, 3, S, S) RGB.

    Returns:
        None where all frames count the same by design, as in ``basic7``, or for own expressions.
    """
    if not isinstance(classifier, NetworkClassifier) or len(crops) < 2:
        return None
    if getattr(classifier.network.settings.encoder, "frame_attention", "mean") == "mean":
        return None
    seen = torch.from_numpy(crops[None]).to(classifier.device)
    mask = torch.ones(1, len(crops), dtype=torch.bool, device=classifier.device)
    weights = classifier.network.embed(seen, mask).attention.get("frames")
    return None if weights is None else weights[0].float().cpu().numpy()
