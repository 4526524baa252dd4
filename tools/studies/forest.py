"""A forest plot: intervals in rows from top to bottom, panels side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from vidfer.evaluate.intervals import Interval
from vidfer.report.figure_style import LIGHT, MARKERS, dress

ROW_INCHES = 0.16
"""Height of each series in a row."""
DPI = 160


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One of the axes that stand side by side."""

    title: str
    label: str
    series: Mapping[str, Sequence[Interval | None]]
    """Name -> an interval for every row, or None."""
    line: float
    """Position of the dotted line, in -1..1: chance, or no difference."""
    points: bool = False
    """Values are differences in points; otherwise they are shares in per cent."""


def in_percent(value: float, _: int) -> str:
    return f"{100 * value:.0f} %"


def in_points(value: float, _: int) -> str:
    return f"{100 * value:+.0f}" if round(100 * value) else "0"


def draw_forest(rows: Sequence[str], panels: Sequence[Panel], path: Path) -> None:
    """Write the figure as PNG on white.

    Args:
        rows: names of the rows, from top to bottom.
        panels: all with the same names of series, and an interval for each row.
        path: the file.
    """
    names = list(panels[0].series)
    height = 1.3 + len(rows) * (0.12 + ROW_INCHES * len(names))
    figure = Figure(figsize=(2.2 + 3.1 * len(panels), height), layout="constrained", facecolor="white")
    all_axes = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for axes, panel in zip(all_axes, panels):
        axes.axvline(panel.line, color=LIGHT.text, linewidth=1, linestyle=(0, (1, 2)))
        for number, (name, intervals) in enumerate(panel.series.items()):
            offset = (number - (len(names) - 1) / 2) * 0.8 / len(names)
            known = [(row + offset, i) for row, i in enumerate(intervals) if i is not None]
            axes.errorbar(
                [i.mean for _, i in known],
                [y for y, _ in known],
                xerr=[
                    [i.mean - (i.mean if i.low is None else i.low) for _, i in known],
                    [(i.mean if i.high is None else i.high) - i.mean for _, i in known],
                ],
                color=LIGHT.series[number % len(LIGHT.series)],
                marker=MARKERS[number % len(MARKERS)],
                markersize=4.5,
                linestyle="",
                elinewidth=1.3,
                capsize=2,
                label=name,
            )
        for row in range(0, len(rows), 2):
            axes.axhspan(row - 0.5, row + 0.5, color=LIGHT.faint, alpha=0.14, linewidth=0)
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.set_yticks(range(len(rows)), rows)
        axes.set_title(panel.title)
        axes.set_xlabel(panel.label)
        axes.xaxis.set_major_formatter(FuncFormatter(in_points if panel.points else in_percent))
        dress(axes, LIGHT)
        axes.grid(visible=False, axis="y")
        axes.grid(visible=True, axis="x", color=LIGHT.faint, alpha=0.45, linewidth=0.6)
    if len(names) > 1:
        handles, labels = all_axes[0].get_legend_handles_labels()
        figure.legend(
            handles, labels, loc="outside lower center", ncols=len(names), frameon=False, fontsize=9
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    # No metadata: the same numbers give the same bytes.
    figure.savefig(path, format="png", dpi=DPI, metadata={"Software": None})
