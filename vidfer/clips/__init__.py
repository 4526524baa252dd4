"""What: each data set is turned into a list of :class:`Clip` records; no pixel is read here."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from vidfer.clips.about import About
from vidfer.clips.actors import ABOUT as ACTORS
from vidfer.clips.actors import actors
from vidfer.clips.afew import ABOUT as AFEW
from vidfer.clips.afew import afew
from vidfer.clips.bold import ABOUT as BOLD
from vidfer.clips.bold import bold
from vidfer.clips.ckplus import ABOUT as CKPLUS
from vidfer.clips.ckplus import ckplus
from vidfer.clips.clip import Clip
from vidfer.clips.cremad import ABOUT as CREMAD
from vidfer.clips.cremad import cremad
from vidfer.clips.dfew import ABOUT as DFEW
from vidfer.clips.dfew import dfew
from vidfer.clips.fer2013 import ABOUT as FER2013
from vidfer.clips.fer2013 import fer2013
from vidfer.clips.folder import ABOUT as FOLDER
from vidfer.clips.folder import folder
from vidfer.clips.frames import ABOUT as FRAMES
from vidfer.clips.frames import frames
from vidfer.clips.labels import BASIC, canonical_label
from vidfer.clips.listing import name_drawn
from vidfer.clips.own import EXAMPLE, is_own, own_clips
from vidfer.clips.rafdb import ABOUT as RAFDB
from vidfer.clips.rafdb import rafdb
from vidfer.clips.ravdess import ABOUT as RAVDESS
from vidfer.clips.ravdess import ravdess
from vidfer.clips.sfew import ABOUT as SFEW
from vidfer.clips.sfew import sfew
from vidfer.clips.table import ABOUT as TABLE
from vidfer.clips.table import table
from vidfer.errors import DataError, VidferError

__all__ = ["BASIC", "SOURCES", "Clip", "canonical_label", "describe_sources", "find_clips"]

SOURCES: dict[str, Callable[..., list[Clip]]] = {
    "actors": actors,
    "afew": afew,
    "bold": bold,
    "ckplus": ckplus,
    "cremad": cremad,
    "dfew": dfew,
    "fer2013": fer2013,
    "folder": folder,
    "frames": frames,
    "rafdb": rafdb,
    "ravdess": ravdess,
    "sfew": sfew,
    "table": table,
}
"""The data sets that vidfer reads, by the name that ``--src`` takes; each is a function of the root."""

ABOUTS: dict[str, About] = {
    "actors": ACTORS,
    "afew": AFEW,
    "bold": BOLD,
    "ckplus": CKPLUS,
    "cremad": CREMAD,
    "dfew": DFEW,
    "fer2013": FER2013,
    "folder": FOLDER,
    "frames": FRAMES,
    "rafdb": RAFDB,
    "ravdess": RAVDESS,
    "sfew": SFEW,
    "table": TABLE,
}


def find_clips(source: str, root: Path | str, *, subject_pattern: str | None = None) -> list[Clip]:
    """All clips of a data set, sorted by id; those that ``vidfer actors`` drew are of source ``actors``.

    Args:
        source: a name in :data:`SOURCES`; of some with a part behind a colon, such as ``dfew:3``; or a
            function of the user's, ``my_source.py:my_clips``, whose file is then run.
        root: where the source's layout starts: a folder (for ``table``, ``fer2013`` and ``frames`` also the
            file itself).
        subject_pattern: a regular expression that finds the subject in a clip's file name without its
            suffix; its first group is the subject, as in ``'(.+)_\\d+'``. A name that it does not fit
            leaves the subject as it was.

    Raises:
        VidferError: unknown source or part, wrong root, ids that are not unique, a pattern that fits no name.
    """
    found = (clip.in_plain_text() for clip in name_drawn(_read(source, Path(root))))
    clips = sorted(found, key=lambda clip: clip.id)
    twice = [name for name, count in Counter(clip.id for clip in clips).items() if count > 1]
    if twice:
        raise DataError(
            f"{len(twice)} ids occur more than once in {root}, first '{twice[0]}'; give every clip its own id"
        )
    return clips if subject_pattern is None else _subjects_by_name(clips, subject_pattern)


def describe_sources() -> list[tuple[str, str, str, str, str]]:
    """A row for each source: name, layout (and parts), labels, size, licence."""
    return [
        (name, "; ".join(filter(None, (a.layout, a.parts))), a.labels, a.size, a.licence)
        for name, a in ABOUTS.items()
    ]


def _read(source: str, root: Path) -> list[Clip]:
    if is_own(source):
        return own_clips(source, root)
    name, colon, part = source.partition(":")
    if name not in SOURCES:
        raise VidferError(
            f"there is no source '{name}'; choose one of {', '.join(SOURCES)}, "
            f"or name a function of your own as {EXAMPLE}"
        )
    if colon and not ABOUTS[name].parts:
        raise VidferError(f"the source {name} has no parts, so '{source}' means nothing; use {name}")
    return SOURCES[name](root, part) if colon else SOURCES[name](root)


def _subjects_by_name(clips: list[Clip], pattern: str) -> list[Clip]:
    try:
        expression = re.compile(pattern)
    except re.error as error:
        raise VidferError(f"the subject pattern '{pattern}' is no regular expression: {error}") from error
    if expression.groups < 1:
        raise VidferError(f"the subject pattern '{pattern}' has no group; put () around the subject's name")
    found = {clip.id: expression.search(clip.path.stem) for clip in clips}
    if not any(found.values()):
        raise VidferError(
            f"the subject pattern '{pattern}' fits no file name; the first is '{clips[0].path.stem}'"
        )
    return [
        replace(clip, subject=match.group(1)) if (match := found[clip.id]) and match.group(1) else clip
        for clip in clips
    ]
