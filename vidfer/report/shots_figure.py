"""Few-shot accuracy against the number of shots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, PercentFormatter

from vidfer.report.theme import DASHES, MARKERS, Theme, dress


@dataclass(frozen=True, kw_only=True)
class ShotLine:
    """One run's accuracy over shots; accuracies and interval ends are shares in [0, 1]."""

    name: str
    shots: Sequence[int]
    accuracy: Sequence[float]
    low: Sequence[float]
    """Of the bars: how well the mean over all episodes of the same clips is known."""
    high: Sequence[float]
    beyond: Sequence[tuple[float, float]]
    """Ends of the band: how other subjects, or other clips, might do."""


def draw_shots(lines: Sequence[ShotLine], chance: float, theme: Theme) -> Figure:
    """Draw one line per run with its 95 % intervals as bars and band, and the line of chance (in [0, 1])."""
    figure = Figure(figsize=(4.7, 3.3), layout="constrained")
    axes = figure.add_subplot()
    for i, line in enumerate(lines):
        colour = theme.series[i % len(theme.series)]
        axes.fill_between(line.shots, *zip(*line.beyond), color=colour, alpha=0.18, linewidth=0)
        below = [a - low for a, low in zip(line.accuracy, line.low)]
        above = [high - a for a, high in zip(line.accuracy, line.high)]
        axes.errorbar(
            line.shots,
            line.accuracy,
            yerr=(below, above),
            color=colour,
            marker=MARKERS[i % len(MARKERS)],
            markersize=5,
            linestyle=DASHES[(i + i // len(DASHES)) % len(DASHES)],
            capsize=3,
            label=line.name,
        )
    axes.axhline(
        chance, color=theme.text, linewidth=1, linestyle=(0, (1, 2)), label=f"chance {100 * chance:.1f} %"
    )
    axes.set_ylim(0, 1)
    shots = sorted({s for line in lines for s in line.shots})
    axes.xaxis.set_major_locator(FixedLocator(shots))
    axes.set_xlim(shots[0] - 0.5, shots[-1] + 0.5)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    axes.set_xlabel("shots: labelled example clips per class")
    axes.set_ylabel("accuracy")
    axes.legend(loc="best")
    dress(axes, theme)
    return figure
