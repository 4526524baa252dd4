"""Which clips the intervals of annotators mean: by video, person and overlap in time; nothing is guessed."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from vidfer.clips.annotations.interval import Interval
from vidfer.errors import DataError
from vidfer.names import id_key
from vidfer.percent import percent

MOST, NEARLY_NOTHING = 0.5, 0.1
"""A label is a clip's if it covers at least this share of the clip, and every other label covers less than
that: an annotator rarely hits the border of two clips exactly."""

TOLD = 8
"""A message tells so many places."""

OTHER_FACE = re.compile(r"#face(\d+)$")
LANE = re.compile(r" \(\d+\)$")


@dataclass(frozen=True, kw_only=True)
class Span:
    """Where a clip lies in its video."""

    clip: str
    video: str
    """The end of the video's path, or all of it."""
    start_s: float | None
    end_s: float | None


@dataclass(frozen=True, kw_only=True)
class Matched:
    """What annotators say of a clip."""

    clip: str
    label: str
    where: str
    """The place for messages, of an interval that a person has checked."""


def tier_of(clip: str) -> str:
    """The tier of a clip: which of the faces of the video it shows, as in the tables of a prediction.

    >>> tier_of("a.mp4"), tier_of("a.mp4#face2")
    ('face 0', 'face 1')
    """
    found = OTHER_FACE.search(clip)
    return f"face {int(found[1]) - 1 if found else 0}"


def match_intervals(path: Path, intervals: Iterable[Interval], spans: Sequence[Span]) -> list[Matched]:
    """The label of each clip that an annotator has checked.

    An interval means the clips of its video whose time it overlaps. If these show several faces, its tier
    must have the name of one of them. A clip has the label that covers at least half of it, if no other label
    covers a tenth of it. Intervals that nobody has checked count only where they are beside checked ones.

    Args:
        path: the file of the intervals, for messages.
        intervals: of all videos.
        spans: of all clips.

    Raises:
        DataError: an interval that a person has checked means no clip or clips of two videos, or a clip has
            no clear label. The message lists these places.
    """
    problems: list[str] = []
    covered: dict[str, dict[str, list[tuple[float, Interval]]]] = {}
    clips_of = _Videos(spans)
    for interval in intervals:
        try:
            met = [(span, _overlap_s(span, interval)) for span in clips_of.meant_by(interval)]
            met = [(span, seconds) for span, seconds in met if seconds > 0]
            if not met:
                raise _Unclear(f"no unlabelled clip of {interval.media} lies there")
            for span in _of_person([span for span, _ in met], interval):
                shares = covered.setdefault(span.clip, {}).setdefault(interval.label, [])
                shares.append((_overlap_s(span, interval), interval))
        except _Unclear as why:
            if interval.is_checked:
                problems.append(f"{_told(interval)}: {why}")
    found = [*_decided(covered, {span.clip: span for span in spans}, problems)]
    if problems:
        more = f"; and {len(problems) - TOLD} more" if len(problems) > TOLD else ""
        raise DataError(
            f"{path}: {len(problems)} places are not clear, and nothing is guessed. Correct or delete them, "
            f"and save the file again. {'; '.join(problems[:TOLD])}{more}"
        )
    return found


class _Unclear(Exception):
    """Why it is not clear which clip is meant."""


class _Videos:
    """The clips of each video, found by the end of its path."""

    def __init__(self, spans: Sequence[Span]) -> None:
        self._by_name: dict[str, dict[tuple[str, ...], list[Span]]] = {}
        for span in spans:
            parts = PurePosixPath(id_key(span.video)).parts
            if parts:
                self._by_name.setdefault(parts[-1], {}).setdefault(parts, []).append(span)

    def meant_by(self, interval: Interval) -> list[Span]:
        """The clips of the video, by vidfer's name for it or by its path."""
        near: dict[tuple[str, ...], None] = {}
        for text in (interval.media, interval.address):
            parts = PurePosixPath(id_key(text)).parts
            same_name = self._by_name.get(parts[-1] if parts else "", {})
            found = [video for video in same_name if parts[-len(video) :] == video]
            longest = [video for video in found if len(video) == max(map(len, found))]
            if len(longest) == 1:
                return same_name[longest[0]]
            near |= dict.fromkeys(same_name)
        named = ", ".join("/".join(video) for video in near)
        raise _Unclear(
            f"no unlabelled clip is of the video {interval.media!r}"
            + (f"; did you mean {named}? Then put the video into folders of these names" if near else "")
        )


def _overlap_s(span: Span, interval: Interval) -> float:
    start_s = span.start_s or 0.0
    end_s = math.inf if span.end_s is None else span.end_s
    return min(end_s, interval.end_s) - max(start_s, interval.start_s)


def _of_person(spans: list[Span], interval: Interval) -> list[Span]:
    """Those of the clips that show the person of the tier."""
    tiers = {tier_of(span.clip) for span in spans}
    if len(tiers) == 1:
        return spans
    tier = LANE.sub("", interval.tier)
    if tier not in tiers:
        raise _Unclear(f"the video shows {', '.join(sorted(tiers))}; give the tier one of these names")
    return [span for span in spans if tier_of(span.clip) == tier]


def _decided(
    covered: dict[str, dict[str, list[tuple[float, Interval]]]],
    spans: dict[str, Span],
    problems: list[str],
) -> Iterator[Matched]:
    """The clips whose label is clear; what is not clear goes into ``problems``."""
    for clip, by_label in covered.items():
        everything = [one for shares in by_label.values() for one in shares]
        span = spans[clip]
        # The length of a clip that is a whole video is not known: its annotations tell how long it lasts.
        end_s = max(one.end_s for _, one in everything) if span.end_s is None else span.end_s
        length_s = end_s - (span.start_s or 0.0)
        meant = [
            one
            for seconds, one in everything
            if one.is_checked
            and (seconds >= NEARLY_NOTHING * length_s or seconds >= MOST * (one.end_s - one.start_s))
        ]
        if not meant:
            continue
        shares = {label: sum(s for s, _ in found) / length_s for label, found in by_label.items()}
        label = max(shares, key=shares.__getitem__)
        others = {name for name in shares if name != label and shares[name] >= NEARLY_NOTHING}
        others |= {one.label for one in meant} - {label}
        if shares[label] < MOST or others:
            told = ", ".join(f"{name} over {percent(share)}" for name, share in shares.items())
            problems.append(f"{_told(meant[0])}: the clip {clip!r} has {told} of it")
        else:
            yield Matched(clip=clip, label=label, where=meant[0].where)


def _told(interval: Interval) -> str:
    return f"{interval.where}, {interval.label} from {interval.start_s:.2f} s to {interval.end_s:.2f} s"
