"""What the teacher said about the unlabelled clips: how sure it was, and how the classes are balanced."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from vidfer.report.theme import Theme, dress

WIDTH_INCHES = 4.7


def draw_confidence(confidence: np.ndarray, chosen: np.ndarray, theme: Theme) -> Figure:
    """Draw a histogram of the teacher's highest probability; hatched are clips the student does not see.

    Args:
        confidence: (M,) in [0, 1].
        chosen: (M,) bool.
    """
    figure = Figure(figsize=(WIDTH_INCHES, 2.9), layout="constrained")
    axes = figure.add_subplot()
    axes.hist(
        [confidence[chosen], confidence[~chosen]],
        bins=np.linspace(0, 1, 21),
        stacked=True,
        color=[theme.series[0], theme.faint],
        edgecolor=theme.text,
        linewidth=0.4,
        label=[f"learned from ({chosen.sum()})", f"left out ({(~chosen).sum()})"],
    )
    # A pattern tells the two apart where colours do not.
    for bar in axes.containers[1]:
        bar.set_hatch("////")
    axes.set_xlim(0, 1)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("teacher's highest probability")
    axes.set_ylabel("clips")
    figure.legend(loc="outside upper center", ncols=2, frameon=False, fontsize=9, labelcolor=theme.text)
    dress(axes, theme)
    return figure


def draw_balance(labelled: np.ndarray, pool: np.ndarray, classes: Sequence[str], theme: Theme) -> Figure:
    """Draw, for each class, how many clips the teacher gave it and its part of the student's pool.

    Args:
        labelled: (C,) clips with a face that the teacher gave each class.
        pool: (C,) places in the student's pool, a repeated clip counted as often as it stands there.
    """
    height = 0.42 * len(classes) + 1.0
    figure = Figure(figsize=(WIDTH_INCHES, max(height, 2.9)), layout="constrained")
    axes = figure.add_subplot()
    rows = np.arange(len(classes))
    all_bars = axes.barh(
        rows - 0.2,
        labelled,
        height=0.38,
        color=theme.faint,
        edgecolor=theme.text,
        linewidth=0.4,
        hatch="////",
    )
    all_bars.set_label("given by the teacher")
    pool_bars = axes.barh(
        rows + 0.2, pool, height=0.38, color=theme.series[0], edgecolor=theme.text, linewidth=0.4
    )
    pool_bars.set_label("in the student's pool")
    for bars in (all_bars, pool_bars):
        axes.bar_label(bars, padding=2, fontsize=8, color=theme.text)
    axes.set_yticks(rows, [name.replace("_", " ") for name in classes])
    axes.invert_yaxis()
    axes.margins(x=0.12)
    axes.set_xlabel("clips")
    figure.legend(loc="outside upper center", ncols=2, frameon=False, fontsize=9, labelcolor=theme.text)
    dress(axes, theme)
    axes.grid(visible=False)
    return figure
