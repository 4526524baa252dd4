"""The reliability diagrams of the page: how often a classifier is right, against its confidence."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from vidfer.evaluate.intervals import wilson_interval
from vidfer.report.figure_style import Theme, dress, paint
from vidfer.report.named_results import NamedResult
from vidfer.report.page import Shown

N_BINS = 10


def show_reliability(results: Sequence[NamedResult]) -> list[Shown]:
    """One diagram per classification in which a clip has a face."""
    classified = [named for named in results if named.result.kind == "classification"]
    return [_show_reliability(n) for n in classified if any(row["has_face"] for row in n.result.rows)]


def _show_reliability(named: NamedResult) -> Shown:
    rows = [row for row in named.result.rows if row["has_face"]]
    confidence = np.array([row["probability"] for row in rows])
    right = np.array([row["accuracy"] == 1 for row in rows])
    mean = f"mean confidence {100 * confidence.mean():.1f} %"
    share = f"{100 * right.mean():.1f} % recognised"
    return Shown(
        title=named.name,
        picture=paint(
            partial(draw_reliability, confidence, right), f"Reliability of {named.name}: {mean}, {share}."
        ),
        caption=(
            f"{len(rows):,} clips with a face, split {named.result.split}: {mean}, {share}. Below the line "
            "the network is too confident."
        ),
    )


def draw_reliability(confidence: np.ndarray, right: np.ndarray, theme: Theme) -> Figure:
    """Draw accuracy with its 95 % interval against mean confidence, in ten bins; on the diagonal both agree.

    Args:
        confidence: (M,) highest probability of clips with a face, in [0, 1].
        right: (M,) bool, whether the class with this probability is the true one.
    """
    figure = Figure(figsize=(4.1, 3.5), layout="constrained")
    axes = figure.add_subplot()
    axes.plot(
        [0, 1], [0, 1], color=theme.text, linewidth=1, linestyle=(0, (1, 2)), label="confidence = accuracy"
    )
    bins = reliability_bins(confidence, right)
    intervals = [wilson_interval(n_right, n) for _, n_right, n in bins]
    shares = [interval.mean for interval in intervals]
    axes.errorbar(
        [mean for mean, _, _ in bins],
        shares,
        yerr=(
            [share - interval.low for share, interval in zip(shares, intervals)],
            [interval.high - share for share, interval in zip(shares, intervals)],
        ),
        color=theme.series[0],
        marker="o",
        markersize=5,
        linestyle="none",
        capsize=3,
        label="clips, 95 % interval",
    )
    for mean, _, n in bins:
        middle = (min(int(mean * N_BINS), N_BINS - 1) + 0.5) / N_BINS
        # Upright in the middle of its bin, a number of any size has room for itself.
        axes.text(middle, -0.22, f"n {n}", rotation=90, ha="center", va="bottom", size=7.5, color=theme.text)
    axes.set_xlim(0, 1)
    axes.set_ylim(-0.24, 1.04)
    axes.set_yticks(np.linspace(0, 1, 6))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(1.0))
    axes.set_xlabel("mean of the highest probability")
    axes.set_ylabel("recognised")
    axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, borderaxespad=0.2)
    dress(axes, theme)
    return figure


def reliability_bins(confidence: np.ndarray, right: np.ndarray) -> list[tuple[float, int, int]]:
    """For each bin with clips: their mean confidence, how many of them are right, how many there are."""
    number = np.minimum((confidence * N_BINS).astype(int), N_BINS - 1)
    return [
        (float(confidence[number == i].mean()), int(right[number == i].sum()), int((number == i).sum()))
        for i in np.unique(number)
    ]
