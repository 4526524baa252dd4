"""Training curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from vidfer.report.theme import DASHES, MARKERS, Theme, dress


def draw_curves(
    lines: Mapping[str, Sequence[tuple[float, float]]], y_label: str, theme: Theme, *, share: bool = False
) -> Figure:
    """Draw one line per name over epochs.

    Args:
        lines: name -> points (epoch, value).
        y_label: what is measured.
        share: the values lie in [0, 1], and the axis shows all of it.
    """
    figure = Figure(figsize=(4.7, 2.9), layout="constrained")
    axes = figure.add_subplot()
    for i, (name, points) in enumerate(lines.items()):
        epochs, values = zip(*points)
        axes.plot(
            epochs,
            values,
            color=theme.series[i % len(theme.series)],
            # Shifted from round to round, so that colour and dashes together stay unlike.
            linestyle=DASHES[(i + i // len(DASHES)) % len(DASHES)],
            marker=MARKERS[i % len(MARKERS)],
            # Markers on a long curve would hide it; eight are enough to tell the lines apart.
            markevery=max(1, len(epochs) // 8),
            markersize=4.5,
            linewidth=1.6,
            label=name,
        )
    axes.set_xlabel("epoch")
    axes.set_ylabel(y_label)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
    if share:
        axes.set_ylim(0, 1)
    axes.legend(loc="best")
    dress(axes, theme)
    return figure
