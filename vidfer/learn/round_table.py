"""The table of pseudo-labels of a round, with the cache that shows its clips."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from vidfer.errors import CacheError, RunError, SettingError
from vidfer.learn.pseudo_labels import read_about
from vidfer.names import Ids
from vidfer.runs.read_run import is_run, no_run, read_record
from vidfer.store.reader import CropCache
from vidfer.tables import Row, number, read_table


@dataclass(frozen=True, kw_only=True)
class RoundTable:
    """The pseudo-labels of a round, as they stand in the table now."""

    path: Path
    number: int
    classes: tuple[str, ...]
    rows: tuple[Row, ...]
    """In the order of the table, with all its columns."""
    cache: CropCache
    places: tuple[int, ...]
    """The place of the clip of each row in the cache."""


def open_round(run: Path, chosen: int | None = None, cache: Path | None = None) -> RoundTable:
    """Opens the table of a round of a noisy student.

    Args:
        run: the run folder.
        chosen: number of the round, from 1; by default the latest.
        cache: with the clips; by default the one that the run was started with.

    Raises:
        RunError: there is no such run or round, or its files are damaged.
        CacheError: the cache is missing, or it is not the one whose clips the teacher has labelled.
        SettingError: the cache that the run was started with is not where it was.
    """
    path = _table_of(run, chosen)
    about = read_about(path)
    if not isinstance(classes := about.get("classes"), list):
        raise RunError(
            f"{path.with_suffix('.json')} is missing or damaged, and it has the classes; let "
            "`vidfer train noisy_student` label the clips again"
        )
    opened = _cache_of(run, cache)
    if opened.content_hash != about["cache_hash"]:
        raise CacheError(
            f"{opened.path} has the content hash {opened.content_hash[:12]}, and the clips of {path} are "
            f"from {str(about['cache_hash'])[:12]}; name that cache with --cache"
        )
    rows = read_table(path, ("clip", "corrected", "label", "confidence", "has_face"))
    ids = Ids(clip.id for clip in opened.clips)
    places = [ids.place(row["clip"]) for row in rows]
    for row, place in zip(rows, places):
        if place is None:
            raise RunError(f"{row.where}: the clip {row['clip']!r} is not in {opened.path}; correct its name")
    return RoundTable(
        path=path,
        number=int(path.stem.removeprefix("round")),
        classes=tuple(map(str, classes)),
        rows=tuple(rows),
        cache=opened,
        places=tuple(places),
    )


def confidence(row: Row) -> float:
    """How sure the teacher is of a row, in [0, 1].

    Raises:
        RunError: the cell is no number.
    """
    try:
        return number(row["confidence"])
    except ValueError as error:
        raise RunError(
            f"{row.where}: the confidence {row['confidence']!r} is no number; put it back"
        ) from error


def _table_of(run: Path, chosen: int | None) -> Path:
    if not is_run(run):
        raise no_run(run, "`vidfer train noisy_student`, or of `vidfer predict`")
    found = {
        int(match[1]): file
        for file in (run / "pseudo_labels").glob("round*.csv")
        if (match := re.fullmatch(r"round(\d+)", file.stem))
    }
    if not found:
        raise RunError(f"{run} has no pseudo-labels; name a run of `vidfer train noisy_student`")
    if chosen is not None and chosen not in found:
        raise RunError(f"{run} has no round {chosen}; its rounds are {', '.join(map(str, sorted(found)))}")
    return found[max(found) if chosen is None else chosen]


def _cache_of(run: Path, given: Path | None) -> CropCache:
    if given is not None:
        return CropCache(given)
    settings = read_record(run, "settings")
    named = settings.get("unlabelled") or settings.get("cache")
    if not named or not Path(named).exists():
        raise SettingError(
            f"the run was started with the cache {named}, which is not there (paths count from "
            f"{Path.cwd()}); name the cache with --cache"
        )
    return CropCache(named)
