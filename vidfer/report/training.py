"""The training section: curves and pseudo-labels of runs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial

import numpy as np

from vidfer.evaluate.intervals import wilson_interval
from vidfer.learn.pseudo_labels import read_pseudo_labels
from vidfer.learn.selection import summarise
from vidfer.report.curves_figure import draw_curves
from vidfer.report.page import Round, Shown
from vidfer.report.picture import paint
from vidfer.report.pseudo_label_figures import draw_balance, draw_confidence
from vidfer.runs.read_run import Run

CURVES = (
    (
        "loss",
        "loss",
        False,
        "Loss",
        "Mean over the batches of each epoch, with noise and dropout. A student's is the sum of its losses "
        "on labelled and on pseudo-labelled clips.",
    ),
    (
        "val_uar",
        "UAR",
        True,
        "Validation UAR",
        "Clips of the base classes that choose the checkpoint; the test split takes no part in it.",
    ),
    (
        "val_accuracy",
        "few-shot accuracy",
        True,
        "Validation few-shot accuracy",
        "Episodes of base classes that choose the checkpoint; novel classes take no part in it.",
    ),
)
"""Field of metrics.jsonl, label of the axis, whether it lies in [0, 1], heading, caption."""


def show_curves(runs: Sequence[Run]) -> list[Shown]:
    """A picture for each kind of curve that any run has, with a line for each run and round."""
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


def show_rounds(runs: Sequence[Run]) -> list[Round]:
    """How sure the teacher was and how its labels are balanced, for each round of each run."""
    return [_show_round(run, number) for run in runs for number in range(len(run.pseudo_labels))]


def _show_round(run: Run, number: int) -> Round:
    path = run.pseudo_labels[number]
    labels = read_pseudo_labels(path)
    selection = json.loads(path.with_suffix(".json").read_text(encoding="utf-8")).get("selection", {})
    counts = summarise(labels)
    names = labels.classes
    given = np.array([counts["labelled_per_class"][name] for name in names])
    pool = np.array([counts["pool_per_class"][name] for name in names])
    rules = ", ".join(
        f"{name} {('no', 'yes')[value] if isinstance(value, bool) else value}"
        for name, value in selection.items()
        if value is not None
    )
    balance = "; ".join(
        f"{name.replace('_', ' ')} {g} given, {p} in the pool" for name, g, p in zip(names, given, pool)
    )
    seen = labels.has_face
    confidence, chosen = labels.confidence[seen], labels.weights[seen] > 0
    return Round(
        title=f"{run.name}, {path.stem.replace('round', 'round ')}",
        summary=(
            f"The teacher {labels.teacher_hash[:12]} labelled {counts['clips']:,} clips, "
            f"{counts['without_face']} of them without a face and so left out. The student learns from "
            f"{counts['selected']:,}, which fill {counts['pool']:,} places of its pool"
            + (f" ({rules})." if rules else ".")
            + _corrections(counts)
        ),
        figures=(
            Shown(
                picture=paint(
                    partial(draw_confidence, confidence, chosen),
                    f"Histogram of the teacher's confidence in {len(confidence)} clips, mean "
                    f"{counts['mean_confidence']:.2f}; {int(chosen.sum())} are learned from.",
                ),
                caption="How sure the teacher was of its labels.",
            ),
            Shown(
                picture=paint(partial(draw_balance, given, pool, names), f"Clips per class: {balance}."),
                caption="Its labels by class, and the pool after selection; repeated clips count each time.",
            ),
        ),
    )


def _corrections(counts: dict) -> str:
    """What a person has made of the teacher's labels; an estimate only if some were confirmed."""
    if not counts["corrected"]:
        return ""
    text = f" A person has corrected {counts['corrected']:,} clips, {counts['dropped']:,} of them taken out."
    if counts["right"]:
        right = wilson_interval(counts["right"], counts["checked"])
        text += f" Of those checked in this round the teacher was right in {right}."
    return text
