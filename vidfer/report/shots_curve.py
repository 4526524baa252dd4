"""The curves of the page: few-shot accuracy against the number of shots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, PercentFormatter

from vidfer.report.figure_style import DASHES, MARKERS, Theme, add_legend, dress, paint
from vidfer.report.named_results import NamedResult
from vidfer.report.page import Shown


def show_shots(groups: Sequence[Sequence[NamedResult]]) -> list[Shown]:
    """One picture per kind of episode, with a line for each result that has a curve."""
    kinds: dict[tuple, list[NamedResult]] = {}
    for named in (named for group in groups for named in group if named.result.curve):
        result = named.result
        kind = (
            *(result.cache_hash, result.split, result.classes),
            *(result.protocol["ways"], result.protocol["queries"]),
            *(result.transductive, result.person_disjoint),
        )
        kinds.setdefault(kind, []).append(named)
    return [_show_shots(kind) for kind in kinds.values()]


def _show_shots(results: Sequence[NamedResult]) -> Shown:
    # Two result files of one checkpoint (3-way 1-shot, 3-way 5-shot) hold the same curve.
    lines = {named.name: sorted(named.result.curve, key=lambda point: point["shots"]) for named in results}
    result = results[0].result
    in_words = "; ".join(
        f"{name} " + ", ".join(f"{100 * p['mean']:.1f} % with {p['shots']}" for p in points)
        for name, points in lines.items()
    )
    chance = f"chance {100 * result.chance:.1f} %"
    classes = ", ".join(name.replace("_", " ") for name in result.classes)
    title = f"{result.protocol['ways']}-way"
    title += ", transductive" if result.transductive else ""
    title += ", person-disjoint" if result.person_disjoint else ""
    return Shown(
        title=title,
        picture=paint(
            partial(draw_shots, lines, result.chance), f"Accuracy over shots: {in_words}; {chance}."
        ),
        caption=(
            f"Bars are 95 % intervals over {result.curve[0]['episodes']:,} episodes, {_bands(results)}; "
            f"{chance}. Split {result.split}, classes {classes}."
        ),
    )


def _bands(results: Sequence[NamedResult]) -> str:
    """What the bands are intervals over."""
    points = [point for named in results for point in named.result.curve]
    over = sorted({point["over_clips"]["over"] for point in points if "over_clips" in point})
    old = "" if all("over_clips" in point for point in points) else "over episodes where a file has no others"
    return "bands " + ", ".join(filter(None, [*(f"over {what}" for what in over), old]))


def draw_shots(lines: Mapping[str, Sequence[dict]], chance: float, theme: Theme) -> Figure:
    """Draw one line per name, with bars and a band, and the line of chance.

    Args:
        lines: name -> points in the order of their shots (:attr:`vidfer.evaluate.result.Result.curve`). Bars
            are the intervals over episodes, the band is that over clips or subjects, if the points have it.
        chance: in [0, 1].
        theme: colours.
    """
    figure = Figure(figsize=(4.7, 3.3), layout="constrained")
    axes = figure.add_subplot()
    for i, (name, points) in enumerate(lines.items()):
        colour = theme.series[i % len(theme.series)]
        shots, means = ([point[key] for point in points] for key in ("shots", "mean"))
        bars = [_ends(point, point["mean"]) for point in points]
        bands = [_ends(point.get("over_clips", point), point["mean"]) for point in points]
        axes.fill_between(shots, *zip(*bands), color=colour, alpha=0.18, linewidth=0)
        axes.errorbar(
            shots,
            means,
            yerr=(
                [mean - low for mean, (low, _) in zip(means, bars)],
                [high - mean for mean, (_, high) in zip(means, bars)],
            ),
            color=colour,
            marker=MARKERS[i % len(MARKERS)],
            markersize=5,
            linestyle=DASHES[(i + i // len(DASHES)) % len(DASHES)],
            capsize=3,
            label=name,
        )
    axes.axhline(
        chance, color=theme.text, linewidth=1, linestyle=(0, (1, 2)), label=f"chance {100 * chance:.1f} %"
    )
    axes.set_ylim(0, 1)
    shots = sorted({point["shots"] for points in lines.values() for point in points})
    axes.xaxis.set_major_locator(FixedLocator(shots))
    axes.set_xlim(shots[0] - 0.5, shots[-1] + 0.5)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    axes.set_xlabel("shots: support clips per class")
    axes.set_ylabel("accuracy")
    add_legend(axes, theme)
    dress(axes, theme)
    return figure


def _ends(interval: dict, mean: float) -> tuple[float, float]:
    """A single episode has no interval; its ends are then the mean itself."""
    return (mean, mean) if interval["low"] is None else (interval["low"], interval["high"])
