"""What runs answered: confusions, reliability, accuracy against shots."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from vidfer.evaluate.hardest import NO_FACE
from vidfer.report.choose_clips import ClipVerdict
from vidfer.report.confusion_figure import describe_confusion, draw_confusion
from vidfer.report.page import Shown
from vidfer.report.picture import paint
from vidfer.report.reliability_figure import draw_reliability
from vidfer.report.results import NamedResult
from vidfer.report.scores import episode_of
from vidfer.report.shots_figure import ShotLine, draw_shots


def show_confusions(results: Sequence[NamedResult]) -> list[Shown]:
    """One matrix per result, with a last column for clips without a face if there were any."""
    return [_show_confusion(named) for named in results]


def _show_confusion(named: NamedResult) -> Shown:
    result = named.result
    counts, columns = np.array(result.confusion), [*result.classes, NO_FACE]
    if not counts[:, -1].any():
        counts, columns = counts[:, :-1], columns[:-1]
    unit = "clips" if result.kind == "classification" else f"questions about {result.n_clips:,} clips"
    title = f"{named.name}{episode_of(named)}"
    return Shown(
        title=title,
        picture=paint(
            partial(draw_confusion, counts, result.classes, columns),
            f"Confusion matrix of {title}: {describe_confusion(counts, result.classes, columns)}",
        ),
        caption=f"{int(counts.sum()):,} {unit}, split {result.split}.",
    )


def show_reliability(results: Sequence[NamedResult]) -> list[Shown]:
    """One diagram per classification whose clips show a face: confidence against accuracy."""
    kinds = [named for named in results if named.result.kind == "classification"]
    return [_show_reliability(named) for named in kinds if any(row["has_face"] for row in named.result.rows)]


def _show_reliability(named: NamedResult) -> Shown:
    rows = [row for row in named.result.rows if row["has_face"]]
    confidence = np.array([row["probability"] for row in rows])
    right = np.array([row["accuracy"] == 1 for row in rows])
    sure, share = f"{100 * confidence.mean():.1f} %", f"{100 * right.mean():.1f} %"
    return Shown(
        title=named.name,
        picture=paint(
            partial(draw_reliability, confidence, right),
            f"Reliability of {named.name}: {sure} sure on average, {share} recognised.",
        ),
        caption=(
            f"{len(rows):,} clips with a face, split {named.result.split}: {sure} sure on average, {share} "
            f"recognised. Points below the line: too sure."
        ),
    )


def show_shots(groups: Sequence[Sequence[NamedResult]]) -> list[Shown]:
    """Accuracy over shots, one picture per kind of episode, from the curves of the result files."""
    kinds: dict[tuple, list[NamedResult]] = {}
    for named in (named for group in groups for named in group if named.result.curve):
        result = named.result
        kinds.setdefault(
            (
                *(result.cache_hash, result.split, result.classes),
                *(result.protocol["ways"], result.protocol["queries"]),
                *(result.transductive, result.person_disjoint),
            ),
            [],
        ).append(named)
    return [_show_shots(kind) for kind in kinds.values()]


def _show_shots(results: Sequence[NamedResult]) -> Shown:
    # Two result files of one checkpoint (3-way 1-shot, 3-way 5-shot) hold the same curve.
    by_name = {named.name: named for named in results}
    lines = [_line(named) for named in by_name.values()]
    result = results[0].result
    ways, points = result.protocol["ways"], result.curve
    said = "; ".join(
        f"{line.name} {', '.join(f'{100 * a:.1f} % with {s}' for s, a in zip(line.shots, line.accuracy))}"
        for line in lines
    )
    chance = f"chance {100 * result.chance:.1f} %"
    others = ", person-disjoint" if result.person_disjoint else ""
    classes = ", ".join(name.replace("_", " ") for name in result.classes)
    return Shown(
        title=f"{ways}-way{', transductive' if result.transductive else ''}{others}",
        picture=paint(partial(draw_shots, lines, result.chance), f"Accuracy over shots: {said}; {chance}."),
        caption=(
            f"Bars are 95 % intervals over {points[0]['episodes']:,} episodes, {_bands(results)}; {chance}. "
            f"Split {result.split}, classes {classes}."
        ),
    )


def _line(named: NamedResult) -> ShotLine:
    points = sorted(named.result.curve, key=lambda point: point["shots"])
    return ShotLine(
        name=named.name,
        shots=[point["shots"] for point in points],
        accuracy=[point["mean"] for point in points],
        # A single episode has no interval; its band is the line itself.
        low=[point["mean"] if point["low"] is None else point["low"] for point in points],
        high=[point["mean"] if point["high"] is None else point["high"] for point in points],
        beyond=[_ends(point.get("over_clips", point), point["mean"]) for point in points],
    )


def _ends(interval: dict, mean: float) -> tuple[float, float]:
    return (mean, mean) if interval["low"] is None else (interval["low"], interval["high"])


def _bands(results: Sequence[NamedResult]) -> str:
    """What the bands of accuracy over shots are about."""
    points = [point for named in results for point in named.result.curve]
    over = sorted({point["over_clips"]["over"] for point in points if "over_clips" in point})
    old = "" if all("over_clips" in point for point in points) else "over episodes where a file has no others"
    return "bands " + ", ".join(filter(None, [*(f"over {what}" for what in over), old]))


def verdicts_of(named: NamedResult) -> list[ClipVerdict]:
    """What a classification said about each clip."""
    return [
        ClipVerdict(
            clip_id=row["clip"],
            label=row["label"],
            prediction=row["predicted"] if row["has_face"] else NO_FACE,
            confidence=row["probability"],
            has_face=row["has_face"],
        )
        for row in named.result.rows
    ]
