"""A person's corrections of pseudo-labels, and who honours them."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from vidfer.clips.labels import canonical_label
from vidfer.errors import VidferError
from vidfer.learn.pseudo_labels import DROP, PseudoLabels, read_about
from vidfer.learn.selection import select
from vidfer.learn.settings import PseudoLabelSettings
from vidfer.tables import read_table

OK = "ok"
"""A person's word for: the label in this row is right."""


def read_corrections(path: Path, labels: PseudoLabels) -> dict[str, str]:
    """What a person wrote into the column ``corrected`` of a table, by clip: a class or ``drop``.

    Args:
        path: CSV file with the columns ``clip`` and ``corrected``; for ``ok`` also ``label``.
        labels: of the clips that there are.

    Raises:
        VidferError: a word that means nothing, a clip that is not there or shows no face, two opinions of one
            clip. The message tells the line and the remedy.
    """
    corrections: dict[str, str] = {}
    has_face = dict(zip(labels.clip_ids, labels.has_face))
    for row in read_table(path, ("clip", "corrected"), ("label",)):
        if not row["corrected"]:
            continue
        where, clip = row.where, row["clip"]
        if clip not in has_face:
            raise VidferError(
                f"{where}: {clip!r} is none of the unlabelled clips; take the row out, or mend the name (a "
                f"spreadsheet may have taken it for a number: import the column clip as text)"
            )
        word = _meaning(row["corrected"], row.get("label", ""), labels.classes, f"{where}, clip {clip!r}")
        if word != DROP and not has_face[clip]:
            raise VidferError(
                f"{where}: no face was found in {clip!r}, so nothing can be learned from it; "
                f"leave corrected empty"
            )
        if corrections.setdefault(clip, word) != word:
            raise VidferError(f"{where}: {clip!r} is {word} here, {corrections[clip]} above; leave one row")
    return corrections


def _meaning(word: str, label: str, classes: Sequence[str], where: str) -> str:
    known = {canonical_label(name): name for name in classes} | {DROP: DROP}
    plain = canonical_label(word)
    if plain == OK:
        plain = canonical_label(label)
        if plain not in known:
            raise VidferError(
                f"{where}: corrected is ok, but the column label does not say what is right; "
                f"write {' or '.join(classes)}"
            )
    if plain not in known:
        near = difflib.get_close_matches(plain, [*known, OK], 1)
        guess = f"; did you mean {near[0]}?" if near else ";"
        raise VidferError(
            f"{where}: corrected is {word!r}{guess} it can be {', '.join(classes)}, {OK} (the "
            f"label is right), {DROP} (nobody should learn from it), or empty"
        )
    return known[plain]


def with_corrections(
    labels: PseudoLabels,
    table: Path,
    earlier: Sequence[Path],
    settings: PseudoLabelSettings,
    *,
    begun: bool,
) -> tuple[PseudoLabels, int]:
    """A teacher's labels as a person has corrected them, and selected.

    Before the student begins, its own table counts, if there is one, and before that the earlier ones. A
    student that has begun goes on with what it began with.

    Args:
        labels: what the teacher said.
        table: of this round; need not exist yet.
        earlier: other tables, the later ones count more.
        settings: of the selection.
        begun: the student has learned from the table already.

    Returns:
        The labels, and how many corrections came too late for a student that has begun.

    Raises:
        VidferError: a table says something that cannot be; see :func:`read_corrections`. In this round's own
            table also if a row is gone, or something was written into another column than ``corrected``.
    """
    carried: dict[str, str] = {}
    for file in earlier:
        words = read_corrections(file, labels)
        taken_back = read_about(file)["carried"].keys() - words.keys()
        carried = {clip: word for clip, word in carried.items() if clip not in taken_back} | words
    if not begun and not table.exists():
        return select(replace(labels, corrections=carried, carried=carried), settings), 0
    if begun and not (file := table.with_suffix(".json")).exists():
        raise VidferError(
            f"{file} is gone, which says what the student began with; put it back, or choose another --out"
        )
    about = read_about(table)
    as_written = replace(labels, corrections=about["corrections"], carried=about["carried"])
    as_written = select(as_written, settings)
    if not table.exists():
        return as_written, 0
    own = read_corrections(table, labels)
    # A kill between table and .json leaves the weights of the corrections that are in the table.
    now = select(replace(labels, corrections=own), settings)
    _check_untouched(table, labels, (as_written.weights, now.weights))
    if begun:
        changed = {clip for clip, _ in own.items() ^ dict(as_written.corrections).items()}
        return as_written, len(changed)
    # Own words count most, then what earlier tables have said since this one was written, then the rest.
    before = about["carried"]
    own_words = {clip: word for clip, word in own.items() if before.get(clip) != word}
    since = {clip: word for clip, word in carried.items() if before.get(clip) != word}
    corrections = own | since | own_words
    return select(replace(labels, corrections=corrections, carried=before | carried), settings), 0


def _check_untouched(table: Path, labels: PseudoLabels, weights: Sequence[np.ndarray]) -> None:
    """Nothing that a person may have meant as a correction gets lost: no row is gone, label and weight are as
    they were (``weights``: each one possible)."""
    rows = read_table(table, ("clip", "corrected", "label", "weight"))
    gone = sorted({*labels.clip_ids} - {row["clip"] for row in rows})
    if gone:
        others = f" and {len(gone) - 1} others" if len(gone) > 1 else ""
        raise VidferError(
            f"{table} has no row of {gone[0]!r}{others}; put it back, with {DROP} under corrected if nobody "
            f"should learn from it"
        )
    position, numbers = {clip: i for i, clip in enumerate(labels.clip_ids)}, labels.labels
    for row in rows:
        if row["clip"] not in position:
            continue
        i = position[row["clip"]]
        was = {"label": [labels.classes[numbers[i]]], "weight": [str(w[i]) for w in weights]}
        for name, values in was.items():
            if row[name] not in ("", *values):
                raise VidferError(
                    f"{row.where}: {name} of {row['clip']!r} is {row[name]}, and was {values[0]}; "
                    f"put that back, and what is right into the column corrected: a class, or {DROP}"
                )
