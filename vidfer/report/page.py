"""The report as data, and the template that turns it into one HTML file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from vidfer import __version__
from vidfer.crops import REGIONS
from vidfer.report.differences import Difference
from vidfer.report.film_strip import FilmStrip
from vidfer.report.picture import Picture
from vidfer.report.scores import Measure

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Fact:
    """A statement in the head of the page; ``code`` is shown as such (hashes, file names)."""

    text: str
    code: str = ""


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A picture with its heading and caption."""

    title: str = ""
    picture: Picture
    caption: str


@dataclass(frozen=True, kw_only=True)
class Round:
    """The pseudo-labels of one round of one run."""

    title: str
    summary: str
    figures: Sequence[Shown]


@dataclass(frozen=True, kw_only=True)
class StripGroup:
    """The film strips of one run."""

    run: str
    strips: Sequence[FilmStrip]


@dataclass(frozen=True, kw_only=True)
class ClipPicture:
    """Crops of one clip."""

    address: str
    """``data:`` address of a JPEG."""
    alt: str
    width_px: int
    """On the page, in CSS pixels."""
    height_px: int


@dataclass(frozen=True, kw_only=True)
class HardCard:
    """A clip that is hard to recognise, all in words."""

    clip: str
    subject: str
    label: str
    taken_for: str
    how: str
    """Behind it: how often, how surely."""
    recognised: str
    picture: ClipPicture | None


@dataclass(frozen=True, kw_only=True)
class Hardest:
    """The hardest clips of results on the same questions."""

    caption: str
    cards: Sequence[HardCard]


@dataclass(frozen=True, kw_only=True)
class Page:
    """Everything the template shows; empty parts are left out of the page."""

    title: str
    made_on: str
    sources: Sequence[str]
    """Names of the sources of the measured clips."""
    facts: Sequence[tuple[str, Sequence[Fact]]]
    notes: Sequence[str] = ()
    """What a reader must know first: mixed caches, parts that are missing."""
    measures: Sequence[Measure] = ()
    differences: Sequence[Difference] = ()
    shots: Sequence[Shown] = ()
    confusions: Sequence[Shown] = ()
    reliability: Sequence[Shown] = ()
    rounds: Sequence[Round] = ()
    curves: Sequence[Shown] = ()
    strips: Sequence[StripGroup] = ()
    strips_rule: str = ""
    hardest: Sequence[Hardest] = ()
    folds: Sequence[tuple[str, str]] = field(default=())
    """Title and text of what is folded away at the end."""

    @property
    def synthetic(self) -> bool:
        return "actors" in self.sources

    @property
    def only_synthetic(self) -> bool:
        return set(self.sources) == {"actors"}


def render(page: Page) -> str:
    """The HTML text of the page, complete in itself."""
    environment = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    template = environment.get_template("page.html")
    names = (*Page.__dataclass_fields__, "synthetic", "only_synthetic")
    return template.render(
        {name: getattr(page, name) for name in names} | {"version": __version__, "regions": REGIONS}
    )
