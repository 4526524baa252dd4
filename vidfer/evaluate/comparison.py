"""Compares results on the same clips, or on the same episodes, with the first of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from vidfer.errors import ResultError, SettingError
from vidfer.evaluate.find_results import results_in
from vidfer.evaluate.intervals import Interval
from vidfer.evaluate.paired import MEASURES, paired_difference
from vidfer.evaluate.result import Result
from vidfer.names import name_key, same_names


@dataclass(frozen=True, kw_only=True)
class Compared:
    """One measure of one result."""

    name: str
    """The path of the result, or of its folder, as the user gave it."""
    result: Result
    measure: str
    interval: Interval
    difference: Interval | None
    """Paired, to the first result; None for the first result, and without a clip that was a query of both."""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The measures of results of one kind; rows by measure, then in the order of the command line."""

    kind: str
    rows: tuple[Compared, ...]

    @property
    def first(self) -> Result:
        """The result with which the others are compared."""
        return self.rows[0].result


def compare_results(paths: Sequence[Path], *, mixed: bool = False) -> list[Comparison]:
    """Compare the results of several paths, kind by kind, with those of the first path.

    Args:
        paths: result files, folders of results, or run folders.
        mixed: also compare transductive results with inductive ones; their names then say which they are.

    Raises:
        SettingError: fewer than two paths, or a path twice.
        ResultError: no result file; a kind of result that is not in all paths; another cache, other clips,
            classes or episodes than those of the first; transductive and inductive ones without ``mixed``.
    """
    paths = [Path(path) for path in paths]
    if len(paths) < 2:
        raise SettingError(
            f"{len(paths)} result{'' if len(paths) == 1 else 's'} to compare; name two or more, files of "
            "`vidfer eval` or their folders"
        )
    resolved = [path.resolve() for path in paths]
    for i, path in enumerate(paths):
        if resolved[i] in resolved[:i]:
            raise SettingError(f"{path} is named twice; name every result once")
    found = [results_in(path) for path in paths]
    comparisons = []
    for kind in MEASURES:
        having = [kind in results for results in found]
        if not any(having):
            continue
        if not all(having):
            raise ResultError(
                f"{paths[having.index(False)]} holds no {kind} result, but {paths[having.index(True)]} does; "
                "name the files to compare instead of their folders, or measure it with `vidfer eval`"
            )
        named = [(str(path), results[kind]) for path, results in zip(paths, found)]
        comparisons.append(_compare(kind, named, mixed))
    return comparisons


def _compare(kind: str, named: Sequence[tuple[str, Result]], mixed: bool) -> Comparison:
    first_name, first = named[0]
    for name, result in named[1:]:
        check_same(first_name, first, name, result)
        if result.transductive != first.transductive and not mixed:
            ways = ["transductive" if r.transductive else "inductive" for r in (result, first)]
            raise ResultError(
                f"{name} is {ways[0]} and {first_name} is {ways[1]}: only the transductive one has seen the "
                "other queries of the episode; add --mixed to compare them all the same"
            )
    if len({result.transductive for _, result in named}) > 1:
        named = [
            (f"{name} ({'transductive' if result.transductive else 'inductive'})", result)
            for name, result in named
        ]
    rows = []
    for measure in MEASURES[kind]:
        for i, (name, result) in enumerate(named):
            paired = paired_difference([result], [first], measure) if i else None
            rows.append(
                Compared(
                    name=name,
                    result=result,
                    measure=measure,
                    interval=result.measures[measure],
                    difference=None if paired is None else paired[0],
                )
            )
    return Comparison(kind=kind, rows=tuple(rows))


def check_same(first_name: str, first: Result, name: str, result: Result, *, same_crops: bool = True) -> None:
    """Refuse two results of a kind that are not about the same clips or episodes.

    Args:
        first_name, first: the first result.
        name, result: the other one.
        same_crops: without it, the same clips may have been cropped in two ways, in two caches.

    Raises:
        ResultError: they differ; the message says in what.
    """

    def refuse(what: str, theirs: object, ours: object) -> None:
        raise ResultError(
            f"{name} and {first_name} are not about the same {what}: {theirs} and {ours}; measure both in "
            "the same way with `vidfer eval`"
        )

    if same_crops and result.cache_hash != first.cache_hash:
        refuse("cache", *(f"{r.cache} with content hash {r.cache_hash[:12]}" for r in (result, first)))
    if set(map(name_key, result.classes)) != set(map(name_key, first.classes)):
        refuse("classes", ", ".join(result.classes), ", ".join(first.classes))
    clips, first_clips = ({row["clip"] for row in r.rows} for r in (result, first))
    if clips != first_clips:
        example = min(clips ^ first_clips)
        whose = name if example in clips else first_name
        refuse("clips", len(clips), f"{len(first_clips)} clips, '{example}' in {whose} alone")
    if first.kind != "few-shot":
        return
    if not same_names(result.classes, first.classes):  # episodes are drawn by class number
        refuse("episodes", *(f"novel classes in the order {', '.join(r.classes)}" for r in (result, first)))
    if result.person_disjoint != first.person_disjoint:
        refuse(
            "episodes", *(f"{'' if r.person_disjoint else 'not '}person-disjoint" for r in (result, first))
        )
    for setting in ("ways", "shots", "queries", "episodes"):
        if result.protocol[setting] != first.protocol[setting]:
            refuse("episodes", *(f"{r.protocol[setting]} {setting}" for r in (result, first)))
    if result.seed != first.seed:
        refuse("episodes", f"seed {result.seed}", f"seed {first.seed}")
    for which, r in ((first_name, first), (name, result)):
        if "episodes_hash" not in r.protocol:
            raise ResultError(
                f"{which} lacks episodes_hash, as an earlier vidfer wrote it, so its episodes are not known; "
                "make it again with `vidfer eval`"
            )
    if result.protocol["episodes_hash"] != first.protocol["episodes_hash"]:
        refuse("episodes", *(f"episodes_hash {r.protocol['episodes_hash'][:12]}" for r in (result, first)))
