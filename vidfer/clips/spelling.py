"""One spelling for each subject and each label of a list of clips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from vidfer.names import other_spellings, spelling_note

Described = TypeVar("Described")
"""A record with the fields ``subject`` and ``label``."""


def with_one_spelling(clips: Sequence[Described]) -> tuple[Sequence[Described], list[str]]:
    """The same clips, but each subject and each label in one spelling (:mod:`vidfer.names`).

    Returns:
        The clips, and a sentence for people about subjects, and one about labels, of which spellings met.
    """
    notes = []
    for field in ("subject", "label"):
        used = other_spellings(getattr(clip, field) for clip in clips)
        if used:
            notes.append(spelling_note(field, used))
            clips = [
                replace(clip, **{field: used[name]}) if (name := getattr(clip, field)) in used else clip
                for clip in clips
            ]
    return clips, notes
