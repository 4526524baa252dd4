"""People correct pseudo-labels, in a table or in an annotation program; the student learns from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from vidfer.clips.corrected import DROP, corrected_label
from vidfer.errors import DataError, RunError
from vidfer.learn.annotated_corrections import is_annotated, read_annotated
from vidfer.learn.pseudo_labels import PseudoLabels, read_about
from vidfer.learn.selection import select
from vidfer.learn.settings import PseudoLabelSettings
from vidfer.names import Ids
from vidfer.tables import read_table


def read_corrections(path: Path, labels: PseudoLabels) -> dict[str, str]:
    """The correction of each clip for which a person has filled the column ``corrected``.

    Args:
        path: table with the columns ``clip`` and ``corrected``, and ``label`` where a correction is ``ok``;
            or a file of an annotation program, see :func:`vidfer.learn.annotated_corrections.read_annotated`.
        labels: of the clips that may be corrected.

    Returns:
        Clip id -> a class or ``drop``.

    Raises:
        DataError: a correction that is no class, an unknown clip, a clip without a face, two corrections of a
            clip, or an interval that may mean several clips.
    """
    corrections: dict[str, str] = {}
    ids = Ids(labels.clip_ids)
    annotated = is_annotated(path)
    rows = read_annotated(path, labels) if annotated else read_table(path, ("clip", "corrected"), ("label",))
    for row in rows:
        if not row["corrected"]:
            continue
        place = ids.place(row["clip"])
        if place is None:
            raise DataError(
                f"{row.where}: {row['clip']!r} is not one of the unlabelled clips; remove the row, or "
                "correct the name (a spreadsheet may have read it as a number: import the column clip as "
                "text)"
            )
        clip = labels.clip_ids[place]
        correction = corrected_label(
            row["corrected"], row.get("label", ""), labels.classes, f"{row.where}, {clip!r}"
        )
        if correction != DROP and not labels.has_face[place]:
            raise DataError(
                f"{row.where}: {clip!r} shows no face, so nothing can be learned from it; leave the column "
                f"corrected empty"
            )
        if corrections.setdefault(clip, correction) != correction:
            raise DataError(
                f"{row.where}: {clip!r} is {correction} here and {corrections[clip]} in a row above; "
                f"keep one of the rows"
            )
    return corrections


def with_corrections(
    labels: PseudoLabels,
    table: Path,
    earlier: Sequence[Path],
    settings: PseudoLabelSettings,
    *,
    training_started: bool,
) -> tuple[PseudoLabels, int]:
    """A teacher's labels with the corrections of people, selected for the student.

    Corrections come from the table of this round, if it is there, and from earlier tables; the table of this
    round counts more. A student that has started training keeps the corrections it started with.

    Args:
        labels: of the teacher.
        table: of this round; it may not exist yet.
        earlier: other tables, or files of annotation programs; later ones count more.
        settings: of the selection.
        training_started: whether the student of this round has started.

    Returns:
        The labels, and the number of corrections that came after the student had started.

    Raises:
        DataError: a table has a correction that cannot be used, see :func:`read_corrections`; a row of this
            round's table is gone; or a person has written into another column than ``corrected``.
        RunError: the file that says what the student started with is missing.
    """
    inherited = _inherited_corrections(earlier, labels)
    if not training_started and not table.exists():
        return select(replace(labels, corrections=inherited, inherited_corrections=inherited), settings), 0
    if training_started and not (file := table.with_suffix(".json")).exists():
        raise RunError(
            f"{file} is missing; it says which corrections the student started with. Put it back, or choose "
            f"another --out"
        )
    about = read_about(table)
    before = about["inherited_corrections"]
    as_written = replace(labels, corrections=about["corrections"], inherited_corrections=before)
    as_written = select(as_written, settings)
    if not table.exists():
        return as_written, 0
    own = read_corrections(table, labels)
    # After a kill between the two files, the table has the weights of the corrections that are in it.
    now = select(replace(labels, corrections=own), settings)
    _check_untouched(table, labels, (as_written.weights, now.weights))
    if training_started:
        late = {clip for clip, _ in own.items() ^ dict(as_written.corrections).items()}
        return as_written, len(late)
    # What a person wrote into this table counts most. Then come corrections that appeared in earlier tables
    # since this table was written, and then the rest of this table.
    written_here = {clip: word for clip, word in own.items() if before.get(clip) != word}
    new_elsewhere = {clip: word for clip, word in inherited.items() if before.get(clip) != word}
    corrections = own | new_elsewhere | written_here
    changed = replace(labels, corrections=corrections, inherited_corrections=before | inherited)
    return select(changed, settings), 0


def _inherited_corrections(tables: Sequence[Path], labels: PseudoLabels) -> dict[str, str]:
    """The corrections in several tables, the later ones over the earlier ones.

    If a person has deleted an inherited correction in a later table, it is gone.
    """
    inherited: dict[str, str] = {}
    ids = Ids(labels.clip_ids)
    for table in tables:
        own = read_corrections(table, labels)
        about = {} if is_annotated(table) else read_about(table)
        before = (ids.place(clip) for clip in about.get("inherited_corrections", ()))
        deleted = {labels.clip_ids[place] for place in before if place is not None} - own.keys()
        inherited = {clip: word for clip, word in inherited.items() if clip not in deleted} | own
    return inherited


def _check_untouched(table: Path, labels: PseudoLabels, weights: Sequence[np.ndarray]) -> None:
    """Raise a DataError if a row is gone, or if label or weight of a row were changed.

    A person may have meant such a change as a correction, and it would be lost. ``weights`` are the possible
    weights of each clip.
    """
    rows = read_table(table, ("clip", "corrected", "label", "weight"))
    ids = Ids(labels.clip_ids)
    places = [ids.place(row["clip"]) for row in rows]
    gone = sorted({*labels.clip_ids} - {labels.clip_ids[place] for place in places if place is not None})
    if gone:
        others = f" and {len(gone) - 1} others" if len(gone) > 1 else ""
        raise DataError(
            f"{table}: the row of {gone[0]!r}{others} is gone; put it back, and write {DROP} under corrected "
            f"if the student should not learn from it"
        )
    numbers = labels.labels
    for row, i in zip(rows, places):
        if i is None:
            continue
        written = {"label": [labels.classes[numbers[i]]], "weight": [str(w[i]) for w in weights]}
        for name, values in written.items():
            if row[name] not in ("", *values):
                raise DataError(
                    f"{row.where}: {name} of {row['clip']!r} was {values[0]} and is {row[name]} now; put "
                    f"{values[0]} back, and write the right class, or {DROP}, under corrected"
                )
