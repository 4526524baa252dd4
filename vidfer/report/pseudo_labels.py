"""The pseudo-labels of the page: the confidence of the teacher, and the balance of the classes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from vidfer.evaluate.intervals import wilson_interval
from vidfer.learn.pseudo_labels import read_about, read_pseudo_labels
from vidfer.learn.selection import summarise
from vidfer.report.figure_style import Theme, dress, paint
from vidfer.report.page import Group, Shown
from vidfer.runs.read_run import Run

WIDTH_INCHES = 4.7


def show_rounds(runs: Sequence[Run]) -> list[Group]:
    """For each round of each run: the confidence of the teacher, and the balance of its labels."""
    return [_show_round(run, number) for run in runs for number in range(len(run.pseudo_labels))]


def _show_round(run: Run, number: int) -> Group:
    path = run.pseudo_labels[number]
    labels = read_pseudo_labels(path)
    counts = summarise(labels)
    names = labels.classes
    given = np.array([counts["labelled_per_class"][name] for name in names])
    selected = np.array([counts["pool_per_class"][name] for name in names])
    rules = _rules(read_about(path).get("selection", {}))
    balance = "; ".join(
        f"{name.replace('_', ' ')} {g} given, {s} selected" for name, g, s in zip(names, given, selected)
    )
    seen = labels.has_face
    confidence, chosen = labels.confidence[seen], labels.weights[seen] > 0
    return Group(
        title=f"{run.name}, {path.stem.replace('round', 'round ')}",
        text=(
            f"The teacher {labels.teacher_hash[:12]} labelled {counts['clips']:,} clips, "
            f"{counts['without_face']} of them without a face and so left out. The student learns from "
            f"{counts['selected']:,} of them, repeated to {counts['pool']:,}"
            + (f" ({rules})." if rules else ".")
            + _corrections(counts)
        ),
        items=(
            Shown(
                picture=paint(
                    partial(draw_confidence, confidence, chosen),
                    f"Histogram of the teacher's confidence in {len(confidence)} clips, mean "
                    f"{counts['mean_confidence']:.2f}; {int(chosen.sum())} are learned from.",
                ),
                caption="Confidence of the teacher in its labels.",
            ),
            Shown(
                picture=paint(partial(draw_balance, given, selected, names), f"Clips per class: {balance}."),
                caption="Labels of the teacher, and selected labels, where a repeated clip counts each time.",
            ),
        ),
    )


def _rules(selection: dict) -> str:
    """How labels were selected, in words."""
    said = {
        name: ("no", "yes")[value] if isinstance(value, bool) else str(value)
        for name, value in selection.items()
        if value is not None
    }
    if selection.get("calibrate") and "temperature" not in selection:
        said["calibrate"] = "no, for there were too few validation clips"
    return ", ".join(f"{name} {value}" for name, value in said.items())


def _corrections(counts: dict) -> str:
    """How many labels a person has corrected, and how often the teacher was right among those checked."""
    if not counts["corrected"]:
        return ""
    text = f" A person has corrected {counts['corrected']:,} clips, {counts['dropped']:,} of them taken out."
    if counts["right"]:  # with no label confirmed, nothing can be estimated
        right = wilson_interval(counts["right"], counts["checked"])
        text += f" Of those checked in this round the teacher was right in {right}."
    return text


def draw_confidence(confidence: np.ndarray, chosen: np.ndarray, theme: Theme) -> Figure:
    """Draw a histogram of the teacher's highest probability; clips that the student does not see are hatched.

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
    # The hatching tells the two apart without colour.
    for bar in axes.containers[1]:
        bar.set_hatch("////")
    axes.set_xlim(0, 1)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("teacher's highest probability")
    axes.set_ylabel("clips")
    figure.legend(loc="outside upper center", ncols=2, frameon=False, fontsize=9, labelcolor=theme.text)
    dress(axes, theme)
    return figure


def draw_balance(given: np.ndarray, selected: np.ndarray, classes: Sequence[str], theme: Theme) -> Figure:
    """Draw, for each class, how many clips the teacher gave this label, and how many were selected.

    Args:
        given: (C,) clips with a face, by the label that the teacher gave them.
        selected: (C,) clips that the student learns from; a repeated clip counts each time.
    """
    height = 0.42 * len(classes) + 1.0
    figure = Figure(figsize=(WIDTH_INCHES, max(height, 2.9)), layout="constrained")
    axes = figure.add_subplot()
    rows = np.arange(len(classes))
    given_bars = axes.barh(
        rows - 0.2,
        given,
        height=0.38,
        color=theme.faint,
        edgecolor=theme.text,
        linewidth=0.4,
        hatch="////",
    )
    given_bars.set_label("given by the teacher")
    selected_bars = axes.barh(
        rows + 0.2, selected, height=0.38, color=theme.series[0], edgecolor=theme.text, linewidth=0.4
    )
    selected_bars.set_label("selected, with repeats")
    for bars in (given_bars, selected_bars):
        axes.bar_label(bars, padding=2, fontsize=8, color=theme.text)
    axes.set_yticks(rows, [name.replace("_", " ") for name in classes])
    axes.invert_yaxis()
    axes.margins(x=0.12)
    axes.set_ylim(len(classes) - 0.4, -0.6)
    axes.set_xlabel("clips")
    figure.legend(loc="outside upper center", ncols=2, frameon=False, fontsize=9, labelcolor=theme.text)
    dress(axes, theme)
    axes.grid(visible=False)
    return figure
