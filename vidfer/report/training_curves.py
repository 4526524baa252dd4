"""The training curves of the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from vidfer.report.figure_style import DASHES, MARKERS, Theme, add_legend, dress, paint
from vidfer.report.page import Shown
from vidfer.runs.read_run import Run

CURVES = (
    (
        "loss",
        "loss",
        False,
        "Loss",
        "Mean over the batches of each epoch, with noise and dropout. The loss of a student is the sum of "
        "its losses on labelled and on pseudo-labelled clips, and of its consistency loss if it has one.",
    ),
    (
        "val_uar",
        "UAR",
        True,
        "Validation UAR",
        "Validation clips of the base classes choose the checkpoint; the test split takes no part.",
    ),
    (
        "val_accuracy",
        "few-shot accuracy",
        True,
        "Validation few-shot accuracy",
        "Validation episodes of base classes choose the checkpoint; novel classes take no part.",
    ),
)
"""Field of metrics.jsonl, label of the axis, whether values lie in [0, 1], heading, caption."""


def show_curves(runs: Sequence[Run]) -> list[Shown]:
    """One picture per kind of curve, with a line for each run and round."""
    pictures = []
    for name, y_label, share, title, caption in CURVES:
        lines: dict[str, list[tuple[float, float]]] = {}
        for run in runs:
            for record in run.metrics:
                if record.get(name) is not None:
                    of_round = f", round {record['round']}" if "round" in record else ""
                    lines.setdefault(run.name + of_round, []).append((record["epoch"], record[name]))
        if lines:
            ends = "; ".join(f"{line} ends at {points[-1][1]:.3g}" for line, points in lines.items())
            draw = partial(draw_curves, lines, y_label, share=share)
            pictures.append(
                Shown(title=title, picture=paint(draw, f"{title} over epochs: {ends}."), caption=caption)
            )
    return pictures


def draw_curves(
    lines: Mapping[str, Sequence[tuple[float, float]]], y_label: str, theme: Theme, *, share: bool = False
) -> Figure:
    """Draw one line per name over epochs.

    Args:
        lines: name -> points (epoch, value).
        y_label: what is measured.
        share: the values lie in [0, 1], and the axis shows the whole range.
    """
    figure = Figure(figsize=(4.7, 2.9), layout="constrained")
    axes = figure.add_subplot()
    for i, (name, points) in enumerate(lines.items()):
        epochs, values = zip(*points)
        axes.plot(
            epochs,
            values,
            color=theme.series[i % len(theme.series)],
            # Colours repeat after six lines; shifted dashes keep every pair of colour and dash different.
            linestyle=DASHES[(i + i // len(DASHES)) % len(DASHES)],
            marker=MARKERS[i % len(MARKERS)],
            # About eight markers tell the lines apart; more would hide a long curve.
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
    add_legend(axes, theme)
    dress(axes, theme)
    return figure
