"""Cross-validation: which subjects are held out in which fold."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vidfer.clips.sources.ckplus import ckplus_folds
from vidfer.data.clip_labels import is_labelled
from vidfer.data.divide import divide
from vidfer.errors import DataError, SettingError
from vidfer.names import Ids, Names, name_key
from vidfer.tables import read_table

if TYPE_CHECKING:
    from vidfer.store.reader import CropCache

FORMS = "3/10, 3/loso, subject:S001, 3/ckplus or 3/folds.csv"
"""Examples of all forms of a fold's name, for messages."""


@dataclass(frozen=True, kw_only=True)
class Fold:
    """One fold of a division of labelled clips. Every clip of it is held out in exactly one fold."""

    number: int
    """From 1."""
    of: int
    """How many folds the division has."""
    rule: str
    """How the clips are divided: ``10``, ``loso``, ``ckplus``, or the file name of a table."""
    held_out: tuple[int, ...]
    """Indices into the cache: the clips of this fold, and all other labelled clips of its subjects."""
    division_hash: str
    """SHA-256 over the fold of every clip; folds of the same division have the same hash."""
    note: str

    @property
    def name(self) -> str:
        """``3/10``, ``17/loso``, ``3/ckplus``, ``3/folds.csv``."""
        return f"{self.number}/{self.rule}"


def find_fold(cache: CropCache, name: str, classes: Sequence[str], *, seed: int = 0) -> Fold:
    """Find a fold by its name. It is the same in every process and on every machine.

    ``3/10``: the third of ten folds by subject (by clip where subjects are not known), with about the same
    share of every class in each. It depends on clip ids, subjects, labels and ``seed``.
    ``3/loso``: leave one subject out, here the third subject in ascending order.
    ``subject:S001``: leave this subject out.
    ``3/ckplus``: CK+'s person-independent folds, for a cache that was built with ``--src ckplus``.
    ``3/folds.csv``: a table with the columns ``id`` and ``fold``, as `vidfer sources folds` writes it.

    Args:
        cache: an open crop cache; its official splits play no part.
        name: of the fold.
        classes: labels of the clips that are divided; CK+'s folds divide clips of all labels.
        seed: of folds like ``3/10``.

    Raises:
        SettingError: there is no such fold.
        DataError: subjects are not known, or a table does not fit the cache.
    """
    labelled = [i for i, clip in enumerate(cache.clips) if is_labelled(clip)]
    wanted = Names(classes)
    chosen = [i for i in labelled if cache.clips[i].label in wanted]
    number, _, rule = name.partition("/")
    if name.startswith("subject:"):
        division, rule = _by_subject(cache, chosen), "loso"
        number = str(_number_of(cache, division, name.removeprefix("subject:")))
    elif not number.isdecimal() or not rule:
        raise SettingError(f"there is no fold '{name}'; name one like {FORMS}")
    elif rule == "loso":
        division = _by_subject(cache, chosen)
    elif rule == "ckplus":
        division = _of_ckplus(cache, labelled)
    elif rule.isdecimal():
        if int(rule) < 2:
            raise SettingError(f"fold '{name}': there must be at least 2 folds")
        names = [f"fold {k}" for k in range(1, int(rule) + 1)]
        parts, _ = divide(cache, chosen, dict.fromkeys(names, 1 / len(names)), seed)
        division = {i: k for k, part in enumerate(names, start=1) for i in parts[part]}
    else:
        division, rule = _of_table(cache, chosen, Path(rule)), Path(rule).name
    if not division:
        raise DataError(f"fold '{name}': no labelled clip of {', '.join(classes)} in {cache.path}")
    of = max(division.values())
    if not 1 <= int(number) <= of:
        raise SettingError(f"there is no fold '{name}': {rule} gives folds 1 to {of} ({cache.path})")
    if rule == "loso" and of == 1:
        raise DataError(
            f"all clips of these classes show subject {cache.clips[min(division)].subject}, and nothing is "
            "left to train on without it; leave the subjects out with `vidfer relabel "
            f"{cache.path} --table FILE` (columns id and subject, no subject in them), and use a "
            "fold like 3/10"
        )
    inside = {i for i, fold in division.items() if fold == int(number)}
    subjects = {cache.clips[i].subject for i in inside} - {None}
    held_out = tuple(i for i in labelled if i in inside or cache.clips[i].subject in subjects)
    ids = sorted((cache.clips[i].id, fold) for i, fold in division.items())
    who = f"{len(subjects)} subjects" if len(subjects) != 1 else f"subject {next(iter(subjects))}"
    return Fold(
        number=int(number),
        of=of,
        rule=rule,
        held_out=held_out,
        division_hash=hashlib.sha256(json.dumps(ids).encode()).hexdigest(),
        note=f"fold {int(number)} of {of} ({rule}) is test: {who if subjects else f'{len(held_out)} clips'}",
    )


def _by_subject(cache: CropCache, clips: Sequence[int]) -> dict[int, int]:
    """The fold of each clip if each subject is a fold: the place of its subject in ascending order."""
    unknown = [i for i in clips if cache.clips[i].subject is None]
    if unknown:
        raise DataError(
            f"{len(unknown)} clips have no subject, such as '{cache.clips[unknown[0]].id}', so one subject "
            f"cannot be left out; add subjects with `vidfer relabel`, or use a fold like 3/10 ({cache.path})"
        )
    places = {s: k for k, s in enumerate(sorted({cache.clips[i].subject for i in clips}), start=1)}
    return {i: places[cache.clips[i].subject] for i in clips}


def _number_of(cache: CropCache, division: dict[int, int], subject: str) -> int:
    for i, fold in division.items():
        if name_key(cache.clips[i].subject) == name_key(subject):
            return fold
    subjects = sorted({cache.clips[i].subject for i in division})
    raise SettingError(
        f"no clip of these classes shows subject '{subject}'; there are {len(subjects)}: "
        f"{', '.join(subjects[:5])}{' ...' if len(subjects) > 5 else ''} ({cache.path})"
    )


def _of_ckplus(cache: CropCache, clips: Sequence[int]) -> dict[int, int]:
    sources = sorted({cache.clips[i].source for i in clips})
    if sources != ["ckplus"]:
        raise DataError(
            f"CK+'s folds need a cache that was built with --src ckplus; {cache.path} has clips of "
            f"{', '.join(sources) or 'no source'}; use a fold like 3/10"
        )
    folds = ckplus_folds(cache.clips[i].subject for i in clips)
    return {i: folds[cache.clips[i].subject] for i in clips}


def _of_table(cache: CropCache, clips: Sequence[int], file: Path) -> dict[int, int]:
    ids, table, folds = Ids(clip.id for clip in cache.clips), read_folds(file), {}
    for clip_id, fold in table.items():
        place = ids.place(clip_id)
        if place is not None and folds.setdefault(place, fold) != fold:
            raise DataError(
                f"{file} puts '{cache.clips[place].id}' into a second fold as '{clip_id}'; delete one of the "
                "rows"
            )
    absent = [cache.clips[i].id for i in clips if i not in folds]
    if absent:
        raise DataError(
            f"{file} has no fold for {len(absent)} labelled clips of {cache.path}, such as '{absent[0]}'; "
            "add them, or leave out their classes with --data.classes"
        )
    missing = sorted(set(range(1, max(table.values()) + 1)) - {folds[i] for i in clips})
    if missing:
        raise DataError(f"no clip of {cache.path} is in fold {missing[0]} of {file}; number folds from 1 on")
    return {i: folds[i] for i in clips}


def read_folds(file: Path) -> dict[str, int]:
    """Clip id to fold number, from a table with the columns ``id`` and ``fold``.

    Raises:
        SettingError: there is no such file.
        DataError: a column is missing, an id is in two folds, or a fold is no number from 1 on.
    """
    folds: dict[str, int] = {}
    if not file.is_file():
        raise SettingError(f"there is no table {file}; name a fold like {FORMS}")
    for row in read_table(file, ("id", "fold")):
        if not row["fold"].isdecimal() or int(row["fold"]) < 1:
            raise DataError(f"{row.where} has the fold '{row['fold']}'; number the folds from 1")
        if folds.setdefault(row["id"], int(row["fold"])) != int(row["fold"]):
            raise DataError(f"{row.where} puts '{row['id']}' into a second fold; delete one of the rows")
    if not folds:
        raise DataError(f"{file} has no row with an id and a fold")
    return folds
