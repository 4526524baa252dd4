"""Several results on the same clips, or on the same episodes, against the first of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from vidfer.errors import VidferError
from vidfer.evaluate.find_results import results_in
from vidfer.evaluate.intervals import Interval
from vidfer.evaluate.paired import MEASURES, difference
from vidfer.evaluate.result import Result


@dataclass(frozen=True, kw_only=True)
class Compared:
    """One measure of one result."""

    name: str
    """As the result, or its folder, was named on the command line."""
    result: Result
    measure: str
    interval: Interval
    difference: Interval | None
    """To the first result, paired; None for the first itself, and without a clip that both were asked."""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """All that was compared on the same clips; rows by measure, within each in the order they were named."""

    kind: str
    rows: tuple[Compared, ...]

    @property
    def first(self) -> Result:
        """What the others are compared with."""
        return self.rows[0].result


def compare_results(paths: Sequence[Path], *, mixed: bool = False) -> list[Comparison]:
    """Compare result files, and the results in folders, kind by kind with those of the first one.

    Args:
        paths: result files, folders of results, or run folders.
        mixed: also hold transductive results against inductive ones; their names then say which they are.

    Raises:
        VidferError: fewer than two, no result file, a kind of result that is not in all, or results on
            other caches, clips, classes or episodes than the first, or judged otherwise without ``mixed``.
    """
    paths = [Path(path) for path in paths]
    if len(paths) < 2:
        raise VidferError(
            f"{len(paths)} result{'' if len(paths) == 1 else 's'} to compare; name two or more, files of "
            "`vidfer eval` or their folders"
        )
    resolved = [path.resolve() for path in paths]
    for i, path in enumerate(paths):
        if resolved[i] in resolved[:i]:
            raise VidferError(f"{path} is named twice; name every result once")
    found = [results_in(path) for path in paths]
    comparisons = []
    for kind in MEASURES:
        having = [kind in results for results in found]
        if not any(having):
            continue
        if not all(having):
            raise VidferError(
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
            raise VidferError(
                f"{name} is {ways[0]} and {first_name} is {ways[1]}: one was judged with a look at the other "
                "queries; add --mixed to hold them against each other all the same"
            )
    if len({result.transductive for _, result in named}) > 1:
        named = [
            (f"{name} ({'transductive' if result.transductive else 'inductive'})", result)
            for name, result in named
        ]
    rows = []
    for measure in MEASURES[kind]:
        for i, (name, result) in enumerate(named):
            paired = difference([result], [first], measure) if i else None
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
    """Raise a VidferError, with what differs, unless two results of a kind are about the same questions.

    Without ``same_crops`` the same clips may have been cropped in two ways, in two caches.
    """

    def refuse(what: str, theirs: object, ours: object) -> None:
        raise VidferError(
            f"{name} and {first_name} are not about the same {what}: {theirs} and {ours}; measure both in "
            "the same way with `vidfer eval`"
        )

    if same_crops and result.cache_hash != first.cache_hash:
        refuse("cache", *(f"{r.cache} with content hash {r.cache_hash[:12]}" for r in (result, first)))
    if set(result.classes) != set(first.classes):
        refuse("classes", ", ".join(result.classes), ", ".join(first.classes))
    clips, first_clips = ({row["clip"] for row in r.rows} for r in (result, first))
    if clips != first_clips:
        example = min(clips ^ first_clips)
        whose = name if example in clips else first_name
        refuse("clips", len(clips), f"{len(first_clips)} clips, '{example}' in {whose} alone")
    if first.kind != "few-shot":
        return
    if result.classes != first.classes:  # their numbers draw the episodes
        refuse("episodes", *(f"novel classes in the order {', '.join(r.classes)}" for r in (result, first)))
    if result.queries_of != first.queries_of:
        refuse("episodes", *(f"queries of {r.queries_of}" for r in (result, first)))
    for setting in ("ways", "shots", "queries", "episodes"):
        if result.protocol[setting] != first.protocol[setting]:
            refuse("episodes", *(f"{r.protocol[setting]} {setting}" for r in (result, first)))
    if result.seed != first.seed:
        refuse("episodes", f"seed {result.seed}", f"seed {first.seed}")
    for which, r in ((first_name, first), (name, result)):
        if "episodes_hash" not in r.protocol:
            raise VidferError(
                f"{which} does not say which episodes it is about, as an older vidfer wrote it; make it "
                "again with `vidfer eval`"
            )
    if result.protocol["episodes_hash"] != first.protocol["episodes_hash"]:
        refuse("episodes", *(f"episodes_hash {r.protocol['episodes_hash'][:12]}" for r in (result, first)))
