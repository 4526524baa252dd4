"""Praat's TextGrid files: a tier per person, seconds as decimal numbers.

Praat reads a text file as a row of texts in quotation marks, free-standing numbers and flags; all else is for
people (Praat manual, "TextGrid file formats"). So one reader serves the long and the short form.
"""

from __future__ import annotations

import codecs
import math
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from vidfer.clips.annotations.interval import Interval, lanes
from vidfer.clips.annotations.safe_xml import read_bounded
from vidfer.errors import DataError
from vidfer.files import write_text

LARGEST_BYTES = 64 << 20
TOKEN = re.compile(r'((?:"[^"]*")+)|(<[^>\s]*>)|![^\r\n]*|([^\s"]+)')
"""A text (two quotation marks in it stand for one), a flag, a comment, or anything else."""

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def write_textgrid(
    path: Path, intervals: Sequence[Interval], duration_s: float, *, tiers: Sequence[str] = ()
) -> None:
    """Writes the intervals of one video in Praat's long form, in UTF-8.

    Args:
        path: of the ``.TextGrid`` to write.
        intervals: of one video; each goes into the tier of its person. What lies between them stays empty.
        duration_s: of the video, in seconds.
        tiers: that are there even without an interval.

    Raises:
        DiskError: the disk is full. The file is as it was.
    """
    by_tier = lanes(intervals, tiers)
    end_s = float(max([duration_s, *(one.end_s for one in intervals)]))
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", "xmin = 0", f"xmax = {end_s!r}"]
    lines += ["tiers? <exists>", f"size = {len(by_tier)}", "item []:"]
    for number, (name, found) in enumerate(by_tier.items(), start=1):
        pieces = [*_without_gaps(found, end_s)]
        lines += [
            f"    item [{number}]:",
            '        class = "IntervalTier"',
            f"        name = {_quoted(name)}",
        ]
        lines += ["        xmin = 0", f"        xmax = {end_s!r}", f"        intervals: size = {len(pieces)}"]
        for place, (start_s, stop_s, text) in enumerate(pieces, start=1):
            lines += [f"        intervals [{place}]:", f"            xmin = {start_s!r}"]
            lines += [f"            xmax = {stop_s!r}", f"            text = {_quoted(text)}"]
    write_text(path, "\n".join([*lines, ""]))


def _without_gaps(intervals: Sequence[Interval], end_s: float) -> Iterator[tuple[float, float, str]]:
    """Pieces that fill a tier from 0 to the end, as Praat wants it: start, end and text."""
    at_s = 0.0
    for one in intervals:
        if one.start_s > at_s:
            yield at_s, float(one.start_s), ""
        yield float(one.start_s), float(one.end_s), one.label
        at_s = float(one.end_s)
    if at_s < end_s or not intervals:
        yield at_s, end_s, ""


def _quoted(text: str) -> str:
    return '"{}"'.format(" ".join(text.split()).replace('"', '""'))


def read_textgrid(path: Path, media: str = "") -> list[Interval]:
    """Reads a TextGrid in Praat's long or short form, in UTF-8 or UTF-16; without its empty pieces.

    Args:
        path: of the file.
        media: the video, which the file does not name; if not given, the name of the file without its ending.

    Raises:
        DataError: the file is no TextGrid, is cut off, or a piece ends before it starts.
    """
    tokens = _Tokens(path)
    if (tokens.text("file type"), tokens.text("object class")) != ("ooTextFile", "TextGrid"):
        raise tokens.fault("it is no TextGrid; save it in Praat (Save as text file)")
    tokens.number("xmin"), tokens.number("xmax")
    found: list[Interval] = []
    if tokens.flag() != "<exists>":
        return found
    for _ in range(tokens.count("number of tiers")):
        kind, tier = tokens.text("class"), tokens.text("name")
        tokens.number("xmin"), tokens.number("xmax")
        for place in range(tokens.count("number of intervals")):
            if kind == "TextTier":  # points in time, which last no time
                tokens.number("number"), tokens.text("mark")
                continue
            start_s, end_s, label = tokens.number("xmin"), tokens.number("xmax"), tokens.text("text").strip()
            where = f"interval {place + 1} of tier {tier!r} in {path}"
            if not end_s > start_s >= 0:
                raise DataError(f"{where} lasts from {start_s:g} s to {end_s:g} s; correct it in Praat")
            if label:
                of = {"media": media or path.stem, "tier": tier, "by": "a person", "where": where}
                found.append(Interval(start_s=start_s, end_s=end_s, label=label, **of))
    return found


class _Tokens:
    """The texts, numbers and flags of a file, one after the other."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._found = TOKEN.finditer(_decoded(path))

    def fault(self, why: str) -> DataError:
        return DataError(f"{self.path} cannot be read as a TextGrid: {why}")

    def _next(self, kind: int, what: str) -> str:
        for token in self._found:
            value = token[kind]
            if value is not None and (kind != 3 or NUMBER.fullmatch(value)):
                return value
            # A text where a number is due, or the other way round: the file is not what it says.
            if token[1] is not None or token[2] is not None or (token[3] and NUMBER.fullmatch(token[3])):
                raise self.fault(f"{what} is due where {token[0][:40]!r} stands; save it again with Praat")
        raise self.fault(f"it ends where {what} is due, so it is cut off; save it again with Praat")

    def text(self, what: str) -> str:
        return self._next(1, what)[1:-1].replace('""', '"')

    def flag(self) -> str:
        return self._next(2, "<exists>")

    def number(self, what: str) -> float:
        value = float(self._next(3, what))
        if not math.isfinite(value):
            raise self.fault(f"{what} is {value}")
        return value

    def count(self, what: str) -> int:
        value = self.number(what)
        if value < 0 or value != int(value):
            raise self.fault(f"{what} is {value:g}")
        return int(value)


def _decoded(path: Path) -> str:
    content = read_bounded(path, LARGEST_BYTES)
    wide = content.startswith((codecs.BOM_UTF16_BE, codecs.BOM_UTF16_LE))
    try:
        return content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path} is neither UTF-8 nor UTF-16 ({error}); in Praat choose UTF-8 under "
            "Text writing preferences"
        ) from error
