"""The table of results on the page: measures, each with a row per result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vidfer.evaluate.intervals import Interval
from vidfer.report.named_results import NamedResult, head_of

METRICS = {
    "classification": {
        "WAR": "WAR: share of the clips that are recognised",
        "UAR": "UAR: mean over the classes of the share that is recognised",
    },
    "few-shot": {"accuracy": "Few-shot accuracy"},
}
"""Kind of result -> measures shown, by their names in result files, with their headings."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One measure of one result; shares are 0..1."""

    run: str
    seed: int | None
    """Of the training; None if the run is not known."""
    main: Interval
    others: Sequence[tuple[str, Interval]]
    """The same measure over something else, by name: over clips instead of episodes, over subjects."""
    file: str
    """The result file."""


@dataclass(frozen=True, kw_only=True)
class Measure:
    """Numbers that can be compared: same metric, same clips, same classes, same kind of episode."""

    metric: str
    """Its name in the result files."""
    title: str
    detail: str
    chance: float
    rows: Sequence[Row]


def measures_of(groups: Sequence[Sequence[NamedResult]]) -> list[Measure]:
    """The measures of each group of :func:`vidfer.report.named_results.comparable`."""
    return [
        Measure(
            metric=metric,
            title=title + episode_of(group[0]),
            detail=_detail(group),
            chance=group[0].result.chance,
            rows=[_row(named, metric) for named in group],
        )
        for group in groups
        for metric, title in METRICS[group[0].result.kind].items()
    ]


def episode_of(named: NamedResult) -> str:
    """The kind of episode of a few-shot result, such as ``, 3-way 5-shot``; empty for a classification."""
    if named.result.kind != "few-shot":
        return ""
    return f", {named.result.task}"


def _row(named: NamedResult, metric: str) -> Row:
    measures = named.result.measures
    others = [
        (name.removeprefix(metric + " "), m) for name, m in measures.items() if name.startswith(metric + " ")
    ]
    return Row(run=named.name, seed=named.seed, main=measures[metric], others=others, file=named.file)


def _detail(group: Sequence[NamedResult]) -> str:
    result = group[0].result
    classes = ", ".join(name.replace("_", " ") for name in result.classes)
    subjects = "" if result.n_subjects is None else f" of {result.n_subjects} subjects"
    detail = (
        f"Split {result.split}, {result.n_clips:,} clips{subjects}, {result.n_without_face:,} of the clips "
        f"without a face; classes {classes}."
    )
    if result.kind == "few-shot":
        seeds = ", ".join(str(seed) for seed in sorted({named.result.seed for named in group}))
        heads = sorted({head_of(named.result).removeprefix(", ") for named in group})
        detail += (
            f" Queries per class and episode: {result.protocol['queries']}; episodes drawn with seed {seeds}."
            f" Compared by the {' and the '.join(heads)}."
        )
        if result.transductive:
            detail += " The queries of an episode were scored together."
        for named in group:
            if overlap := named.result.identity_overlap_text():
                detail += f" {named.name}: {overlap}."
        if any(named.result.support_fixed for named in group):
            detail += (
                " Intervals over clips, over subjects and of differences are too narrow, as results of the "
                "first vidfer treat the support clips as fixed; measure again with `vidfer eval`."
            )
    detail += _trained_on(group)
    if result.note:
        detail += f" {result.note.rstrip('.')}."
    return detail


def _trained_on(group: Sequence[NamedResult]) -> str:
    """The classes that the networks were trained on, and how surely they have not seen the clips."""
    bases = {str(named.result.protocol.get("base_classes", "")) for named in group}
    few = group[0].result.kind == "few-shot"
    said = (
        f" Trained on {bases.pop().replace('_', ' ')}." if few and len(bases) == 1 and bases != {""} else ""
    )
    for named in group:
        said += f" {named.name}: {named.result.seen_text}." if named.result.seen_text else ""
    known = {named.result.protocol.get("disjoint_by") for named in group}
    of = "the network that was measured on it" if group[0].result.pooled else "these networks"
    if known == {"subject"}:
        said += f" No subject of a clip was trained on by {of}."
    elif "nothing" in known:
        said += " Some of these clips were trained or chosen on."
    elif known <= {"subject", "clip"}:
        said += f" No clip was trained on by {of}; whether subjects were is not known."
    return said
