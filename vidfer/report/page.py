"""The page as data, and the template that makes one HTML file of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from vidfer import __version__
from vidfer.crops import REGIONS
from vidfer.report.differences import Difference
from vidfer.report.figure_style import Picture
from vidfer.report.result_table import Measure

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Fact:
    """A statement in the head of the page; ``code`` is a hash or a file name."""

    text: str
    code: str = ""


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A picture with its heading and caption."""

    title: str = ""
    picture: Picture
    caption: str


@dataclass(frozen=True, kw_only=True)
class Group:
    """Things that stand together in a section: a round's figures, a run's film strips, the hardest clips."""

    title: str = ""
    text: str = ""
    items: Sequence


@dataclass(frozen=True, kw_only=True)
class HardCard:
    """A clip that is hard to recognise, in words."""

    clip: str
    subject: str
    label: str
    taken_for: str
    how: str
    """How often, and with which confidence, it was taken for that."""
    recognised: str
    picture: Picture | None


@dataclass(frozen=True, kw_only=True)
class Page:
    """Everything on the page; an empty part is left out."""

    title: str
    made_on: str
    sources: Sequence[str]
    """Names of the sources of the measured clips."""
    facts: Sequence[tuple[str, Sequence[Fact]]]
    notes: Sequence[str] = ()
    """What a reader must know first: several caches, parts that are missing."""
    measures: Sequence[Measure] = ()
    differences: Sequence[Difference] = ()
    shots: Sequence[Shown] = ()
    confusions: Sequence[Shown] = ()
    reliability: Sequence[Shown] = ()
    rounds: Sequence[Group] = ()
    curves: Sequence[Shown] = ()
    strips: Sequence[Group] = ()
    strips_rule: str = ""
    hardest: Sequence[Group] = ()
    details: Sequence[tuple[str, str]] = field(default=())
    """Title and text of what the reader can unfold at the end."""

    @property
    def synthetic(self) -> bool:
        return "actors" in self.sources

    @property
    def only_synthetic(self) -> bool:
        return set(self.sources) == {"actors"}


def render(page: Page) -> str:
    """The HTML text of the page, with everything inside."""
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
