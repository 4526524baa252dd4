"""Finds the clips of a data set."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from vidfer.clips.clip import Clip
from vidfer.clips.labels import canonical_label
from vidfer.clips.listing import listing_of
from vidfer.clips.media import list_folder
from vidfer.clips.sources import SOURCES
from vidfer.clips.sources.actors import mark_drawn
from vidfer.clips.spelling import with_one_spelling
from vidfer.clips.user_source import EXAMPLE, is_user_source, run_user_source
from vidfer.errors import DataError, SettingError
from vidfer.names import id_key, name_key
from vidfer.nearest import did_you_mean
from vidfer.reachable import check_reachable


def find_clips(
    source: str,
    root: Path | str,
    *,
    subject_pattern: str | None = None,
    on_note: Callable[[str], None] | None = None,
) -> list[Clip]:
    """Lists all clips of a data set, sorted by id.

    Clips that ``vidfer actors`` drew are always of the source ``actors``, whatever source reads them. So no
    result on drawn people can be taken for a result on real people. Each subject and each label has one
    spelling (:mod:`vidfer.names`), and a note says which spellings were taken for one.

    Args:
        source: a name in :data:`~vidfer.clips.SOURCES`, for some of them with a part, such as ``dfew:3``; or
            a function in a file of the user, ``my_source.py:my_clips``. Then this file is run.
        root: the folder where the layout of the data set starts. For ``table``, ``fer2013`` and ``frames`` it
            may also be the file itself.
        subject_pattern: a regular expression that finds the subject in the name of a clip's file without its
            suffix. Its first group is the subject, as in ``'(.+)_\\d+'``. Where the pattern does not fit a
            name, the clip keeps its subject.
        on_note: called with each line that the user should read: what was left out (such as ``@eaDir``),
            which columns of a table were not read, and whether subjects and labels say the same.

    Raises:
        SettingError: there is no such source or part, or the pattern is wrong or fits no name.
        DataError: the root does not hold the data set, or an id occurs twice.
        OSError: the system does not let it be looked at.
    """
    check_reachable(Path(root))
    with listing_of(Path(root)) as listing:
        found = (clip.in_plain_text() for clip in mark_drawn(_find(source, Path(root))))
        clips = sorted(found, key=lambda clip: clip.id)
    twice = _ids_that_occur_twice(clips)
    if twice:
        raise DataError(
            f"{len(twice)} ids occur more than once in {root}, the first is '{twice[0]}'; give each clip an "
            "id of its own"
        )
    if subject_pattern is not None:
        clips = _with_subjects(clips, subject_pattern)
        if warning := _warning_of_pattern(clips, subject_pattern):
            listing.note(warning)
    clips, notes = with_one_spelling(clips)
    for note in notes:
        listing.note(note)
    if warning := _warning_of_subjects(clips):
        listing.note(warning)
    for line in listing.lines() if on_note else ():
        on_note(line)
    return clips


def _find(source: str, root: Path) -> list[Clip]:
    if is_user_source(source):
        return run_user_source(source, root)
    name, colon, part = source.partition(":")
    if name not in SOURCES:
        meant = did_you_mean(name, SOURCES) or ";"
        raise SettingError(
            f"there is no source '{name}'{meant} choose one of {', '.join(SOURCES)}, or give a function of "
            f"your own as {EXAMPLE}"
        )
    if colon and not SOURCES[name].parts:
        raise SettingError(f"there is no '{source}': the source {name} has no parts; use {name}")
    try:
        return SOURCES[name].find(root, part) if colon else SOURCES[name].find(root)
    except DataError as error:
        hint = _hint_at_another_source(name, root)
        if hint is None:
            raise
        raise DataError(f"{error}. {hint}") from error


def _hint_at_another_source(name: str, root: Path) -> str | None:
    """Names the source whose marks the root holds, where the root holds no mark of the named source."""
    if not root.is_dir():
        return None
    entries = [path.name for path in list_folder(root)]
    if any(mark in entries for mark in SOURCES[name].marks):
        return None
    for other, source in SOURCES.items():
        mark = next((mark for mark in source.marks if mark in entries), None)
        if mark is not None:
            return f"Its {mark} belongs to another data set: use --src {other}"
    return None


def _ids_that_occur_twice(clips: list[Clip]) -> list[str]:
    """Ids of several clips, also where the spelling differs and the file is the same."""
    exact = Counter(clip.id for clip in clips)
    spelt = Counter((id_key(clip.id), clip.path) for clip in clips)
    twice = (clip.id for clip in clips if exact[clip.id] > 1 or spelt[id_key(clip.id), clip.path] > 1)
    return list(dict.fromkeys(twice))


def _with_subjects(clips: list[Clip], pattern: str) -> list[Clip]:
    try:
        expression = re.compile(pattern)
    except re.error as error:
        raise SettingError(f"the subject pattern '{pattern}' is no regular expression: {error}") from error
    if expression.groups < 1:
        raise SettingError(f"the subject pattern '{pattern}' has no group; put () around the subject")
    matches = [expression.search(clip.path.stem) for clip in clips]
    if not any(matches):
        raise SettingError(
            f"the subject pattern '{pattern}' fits no file name; the first name is '{clips[0].path.stem}'"
        )
    named = [
        replace(clip, subject=match[1]) if match and match[1] else clip for clip, match in zip(clips, matches)
    ]
    labelled = [clip for clip in named if clip.subject and clip.label]
    if labelled and all(name_key(canonical_label(clip.subject)) == name_key(clip.label) for clip in labelled):
        raise SettingError(
            f"the subject pattern '{pattern}' finds the label in the names, not the subject: "
            f"'{labelled[0].path.stem}' gives '{labelled[0].subject}'. Give a pattern whose group is the "
            "subject, or leave --subject-pattern out"
        )
    return named


def _warning_of_pattern(clips: list[Clip], pattern: str) -> str | None:
    """A sentence if clips have no subject after the pattern was applied."""
    unknown = [clip for clip in clips if not clip.subject]
    if not unknown:
        return None
    return (
        f"{len(unknown)} of {len(clips)} clips have no subject: the subject pattern '{pattern}' does not fit "
        f"their file names, such as '{unknown[0].path.stem}'"
    )


def _warning_of_subjects(clips: list[Clip]) -> str | None:
    """A sentence if each of several subjects shows one label only, although most have several clips."""
    labels: dict[str, set[str]] = {}
    known = [clip for clip in clips if clip.subject and clip.label]
    for clip in known:
        labels.setdefault(clip.subject, set()).add(clip.label)
    several = len(labels) > 1 and len(set().union(*labels.values())) > 1
    if not several or len(known) < 2 * len(labels) or any(len(names) > 1 for names in labels.values()):
        return None
    subject, names = next(iter(labels.items()))
    return (
        f"each of the {len(labels)} subjects shows one expression only ('{subject}' only '{min(names)}'): a "
        "network cannot tell who it is from what is shown. Check that the subjects are people "
        "(--subject-pattern, or the column subject)"
    )
