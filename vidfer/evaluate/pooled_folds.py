"""Joins the results of all folds of a cross-validation; in the pooled result every clip counts once."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from vidfer.errors import ResultError, SettingError
from vidfer.evaluate.classify import recall_measures
from vidfer.evaluate.find_results import results_in
from vidfer.evaluate.intervals import Interval, joined_mean_interval, mean_interval
from vidfer.evaluate.paired import interval_over_rows
from vidfer.evaluate.result import Result
from vidfer.names import name_key

SAME_IN_ALL = ("ways", "shots", "queries", "head", "inference", "n_frames", "base_classes")
"""Entries of the protocol that all folds must share."""


def pool_folds(paths: Sequence[Path]) -> dict[str, Result]:
    """Pool the results of all folds, kind by kind.

    Args:
        paths: result files, result folders or run folders, one for each fold.

    Returns:
        ``classification`` and ``fewshot``, as far as the folds have them.

    Raises:
        SettingError: no path.
        ResultError: a result without a fold; a fold that is missing or there twice; folds of another
            division, cache or protocol; a clip in two folds.
    """
    found = [(str(path), results_in(Path(path))) for path in paths]
    pooled = {}
    for kind, name in (("classification", "classification"), ("few-shot", "fewshot")):
        named = [(path, results[kind]) for path, results in found if kind in results]
        if named:
            pooled[name] = _pool(named)
    if not pooled:
        raise SettingError("no result to pool; name the results of all folds, or their run folders")
    return pooled


def _pool(named: Sequence[tuple[str, Result]]) -> Result:
    of, rule = _check_folds(named)
    results = [result for _, result in sorted(named, key=lambda n: _fold(n[1])[0])]
    first, rows = results[0], [row for result in results for row in result.rows]
    subjects = [row["subject"] for row in rows]
    known = None if None in subjects else subjects
    measures = _fewshot(results, known) if first.kind == "few-shot" else _classification(results, known)
    protocol = {name: value for name, value in first.protocol.items() if name != "fold"}
    if first.kind == "few-shot":
        protocol["episodes"] = sum(result.protocol["episodes"] for result in results)
        protocol["episodes_hash"] = _hash([result.protocol["episodes_hash"] for result in results])
    # The fold that is known least well decides.
    for known_by in ("subject", "clip", "not known", "nothing"):
        if any(result.protocol.get("disjoint_by") == known_by for result in results):
            protocol["disjoint_by"] = known_by
    return Result(
        kind=first.kind,
        measures=measures,
        chance=first.chance,
        seed=first.seed,
        split=f"{of} folds" if rule.isdecimal() else f"{of} folds ({rule})",
        classes=first.classes,
        n_clips=len(rows),
        n_without_face=sum(not row["has_face"] for row in rows),
        n_subjects=None if known is None else len(set(map(name_key, known))),
        sources=tuple(sorted({source for result in results for source in result.sources})),
        cache=first.cache,
        cache_hash=first.cache_hash,
        checkpoint_hash=_hash([result.checkpoint_hash for result in results]),
        protocol=protocol | {"folds": of},
        per_class=[_class(name, results) for name in first.classes],
        confusion=sum(np.array(result.confusion) for result in results).tolist(),
        rows=rows,
        curve=_curve(results),
        identity_overlap=_identity_overlap(results),
        note="; ".join(dict.fromkeys(result.note for result in results if result.note)),
    )


def _identity_overlap(results: Sequence[Result]) -> dict[str, int] | None:
    counted = [result.identity_overlap for result in results]
    if any(counts is None for counts in counted):
        return None
    return {name: sum(counts[name] for counts in counted) for name in counted[0]}


def _fold(result: Result) -> tuple[int, str]:
    number, _, rule = str(result.protocol["fold"]).partition("/")
    return int(number), rule


def _check_folds(named: Sequence[tuple[str, Result]]) -> tuple[int, str]:
    """Refuse results that are not all folds of one division.

    Returns:
        The number of folds, and the rule that divides them.
    """
    for path, result in named:
        if "fold" not in result.protocol:
            raise ResultError(
                f"{path} is not of a fold; train with --data.fold, and measure the run with `vidfer eval`"
            )
    for path, result in named[1:]:
        _check_same(*named[0], path, result)
    _check_all_there(named)
    path_of: dict[str, str] = {}
    for path, result in named:
        for row in result.rows:
            if path_of.setdefault(row["clip"], path) != path:
                raise ResultError(
                    f"clip '{row['clip']}' is in {path_of[row['clip']]} and in {path}; folds must not overlap"
                )
    return named[0][1].protocol["folds"], _fold(named[-1][1])[1]


def _check_same(first_path: str, first: Result, path: str, result: Result) -> None:
    facts = [
        {name: getattr(r, name) for name in ("cache_hash", "classes", "seed", "person_disjoint")}
        | {name: r.protocol.get(name) for name in (*SAME_IN_ALL, "folds", "division_hash")}
        for r in (first, result)
    ]
    for what, ours in facts[0].items():
        if facts[1][what] != ours:
            raise ResultError(
                f"{path} and {first_path} do not belong together: {what} {facts[1][what]} and {ours}; train "
                "and measure all folds in the same way"
            )


def _check_all_there(named: Sequence[tuple[str, Result]]) -> None:
    where: dict[int, str] = {}
    for path, result in named:
        number, rule = _fold(result)
        if number in where:
            raise ResultError(
                f"{where[number]} and {path} are both fold {number}/{rule}; name every fold once"
            )
        where[number] = path
    first = named[0][1]
    of = first.protocol["folds"]
    missing = sorted(set(range(1, of + 1)) - where.keys())
    if missing:
        numbers = f"{', '.join(map(str, missing[:10]))}{' ...' if len(missing) > 10 else ''}"
        raise ResultError(
            f"{first.kind}: of the {of} folds ({rule}) {len(missing)} are missing: {numbers}; train and "
            "measure them, too"
        )


def _classification(results: Sequence[Result], subjects: Sequence[str] | None) -> dict[str, Interval]:
    rows, seed = [row for result in results for row in result.rows], results[0].seed
    right, labels = [row["accuracy"] for row in rows], [row["label"] for row in rows]
    measures = recall_measures(right, labels, subjects, seed=seed)
    for name in ("WAR", "UAR"):
        # The UAR of a fold that lacks a class is a mean over fewer classes, so it cannot be compared.
        if name == "WAR" or all(c["clips"] for result in results for c in result.per_class):
            measures[f"{name} over folds"] = mean_interval([r.measures[name].mean for r in results], "folds")
    return measures


def _fewshot(results: Sequence[Result], subjects: Sequence[str] | None) -> dict[str, Interval]:
    rows = [row for result in results for row in result.rows]
    measures = {
        "accuracy": joined_mean_interval([result.measures["accuracy"] for result in results]),
        "accuracy over clips": interval_over_rows(rows),
    }
    if subjects is not None:
        measures["accuracy over subjects"] = interval_over_rows(rows, subjects)
    measures["accuracy over folds"] = mean_interval([result.main.mean for result in results], "folds")
    return measures


def _class(name: str, results: Sequence[Result]) -> dict:
    of_folds = [entry for result in results for entry in result.per_class if entry["class"] == name]
    sums = {key: sum(entry[key] for entry in of_folds) for key in ("clips", "n_queries", "without_face")}
    right = sum(entry["n_queries"] * (entry["accuracy"] or 0.0) for entry in of_folds)
    return {"class": name, **sums, "accuracy": right / sums["n_queries"] if sums["n_queries"] else None}


def _curve(results: Sequence[Result]) -> list[dict]:
    """Pooled accuracy at the numbers of shots that all folds have measured."""
    of_folds = [{point["shots"]: point for point in result.curve} for result in results]
    curve = []
    for shots in sorted(set.intersection(*map(set, of_folds))):
        points = [
            Interval(
                mean=p["mean"], low=p["low"], high=p["high"], n=p["episodes"], over="episodes", method=""
            )
            for p in (points[shots] for points in of_folds)
        ]
        whole = joined_mean_interval(points)
        curve.append(
            {"shots": shots, "mean": whole.mean, "low": whole.low, "high": whole.high, "episodes": whole.n}
        )
    return curve


def _hash(hashes: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(hashes).encode()).hexdigest()
