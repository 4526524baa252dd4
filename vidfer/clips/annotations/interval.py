"""The record that every annotation program's file is turned into, and made from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from vidfer.clips.clip import plain_text
from vidfer.terminal import CONTROLS, spell

MACHINE = "vidfer"
"""The annotator of labels that no person has looked at."""

VOCABULARY_WORDS = {
    "ok": "the label was right",
    "drop": "nothing should be learned from this",
}
"""Words that an annotator may choose beside the expressions when labels are corrected."""


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A stretch of a video in which somebody shows something."""

    media: str
    """The video: the name that vidfer gave it, or the path or address in the file."""
    address: str = ""
    """The path or address of the video in the file, where ``media`` is vidfer's name for it."""
    tier: str
    """Who is seen: the name of ELAN's or Praat's tier."""
    start_s: float
    """Seconds since the first frame of the video."""
    end_s: float
    """Seconds; the first moment that no longer belongs to the interval."""
    label: str
    probability: float | None = None
    """How sure the network was, in [0, 1]; None where a person has said it."""
    said: str | None = None
    """What vidfer had said, where the file keeps it; None: a person has drawn the interval."""
    by: str = MACHINE
    """Who says so; :data:`MACHINE` for labels that no person has looked at."""
    where: str = ""
    """The place for messages: ``annotation a3 of clip.eaf``."""

    @property
    def is_checked(self) -> bool:
        """Whether a person has said this: has drawn it, changed it, or put a name to it."""
        return self.by != MACHINE or self.said != self.label


def lanes(intervals: Iterable[Interval], names: Sequence[str] = ()) -> dict[str, list[Interval]]:
    """The intervals of each tier, in the order of time, none over another.

    ELAN and Praat allow no overlap within a tier. What overlaps goes into a further tier, ``name (2)``.

    Args:
        intervals: of one video; the tiers come in the order in which they are met here.
        names: tiers that come first, even if they are empty.
    """
    intervals = [*intervals]
    found: dict[str, list[Interval]] = {name: [] for name in (*names, *(one.tier for one in intervals))}
    for interval in sorted(intervals, key=lambda one: (one.start_s, one.end_s)):
        number, name = 1, interval.tier
        while found.get(name) and found[name][-1].end_s > interval.start_s:
            number += 1
            name = f"{interval.tier} ({number})"
        found.setdefault(name, []).append(interval)
    return found


def vocabulary(classes: Sequence[str], intervals: Iterable[Interval], words: Iterable[str]) -> list[str]:
    """What an annotator may choose from: the expressions, other labels in use, and further words."""
    used = sorted({one.label for one in intervals})
    return [*dict.fromkeys((*classes, *used, *words))]


def xml_text(text: str) -> str:
    r"""A text that XML can hold: control characters are spelt out.

    >>> print(xml_text("a\x00b"))
    a\x00b
    """
    return CONTROLS.sub(lambda found: spell(found[0]), plain_text(text))
