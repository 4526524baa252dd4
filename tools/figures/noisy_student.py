"""Noisy Student FER: the loop, how good pseudo-labels are, and what each round brings."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from vidfer.report.figure_style import LIGHT, dress

from .canvas import BLUE, GREEN, ORANGE, PURPLE, arrow, blank, box, place, say

RESULTS = Path(__file__).resolve().parents[2] / "docs" / "results" / "few_labels.md"
THRESHOLDS = np.round(np.arange(0, 1, 0.1), 1)
CHOSEN = 0.7
"""The demo's threshold."""


def draw(demo: Path) -> Figure:
    figure, paper = blank((9.6, 5.1))
    say(
        paper,
        4.8,
        4.85,
        "Noisy student: a teacher labels, a student learns from it under noise",
        fontsize=12,
        weight="bold",
    )
    loop(paper)
    right, kept = precision(demo)
    axes = place(figure, 0.65, 0.6, 3.75, 1.85)
    axes.plot(THRESHOLDS, right, color=BLUE, marker="o", markersize=4, label="of these, right")
    axes.plot(
        THRESHOLDS, kept, "--", color=ORANGE, marker="s", markersize=4, label="clips above the threshold"
    )
    axes.axvline(CHOSEN, color=LIGHT.text, linewidth=0.8, linestyle=":")
    axes.set(xlim=(0, 0.95), ylim=(0, 1.02), xlabel="confidence threshold", ylabel="share")
    axes.legend(loc="lower left", fontsize=8.5)
    dress(axes, LIGHT)
    say(paper, 2.55, 2.65, "pseudo-labels of 400 clips of drawn actors", weight="bold")

    names, values, low, high = rounds()
    axes = place(figure, 5.4, 0.6, 4.05, 1.85)
    x = np.arange(len(names))
    axes.errorbar(
        x,
        values,
        [values - low, high - values],
        color=GREEN,
        marker="o",
        markersize=5,
        capsize=3,
        linewidth=1.8,
    )
    ceiling = ceiling_of_all_labels()
    axes.axhline(ceiling, color=LIGHT.text, linewidth=0.8, linestyle=":")
    axes.text(x[-1] + 0.3, ceiling - 0.4, "all labels", ha="right", va="top", fontsize=8.5, color=LIGHT.text)
    axes.set(xlim=(-0.4, x[-1] + 0.4), ylim=(36, 58), ylabel="accuracy, %")
    axes.set_xticks(x, names)
    dress(axes, LIGHT)
    say(paper, 7.4, 2.65, "images of people (FER2013), 250 labels a class", weight="bold")
    return figure


def loop(paper) -> None:
    """Teacher, selection, student, and back."""
    y, high = 3.75, 0.8
    box(paper, (1.2, y), (1.6, high), "teacher learns from\nthe labelled clips", BLUE)
    box(paper, (3.4, y), (1.6, high), "it labels the others,\nwithout noise", BLUE)
    box(paper, (5.6, y), (1.6, high), "sure ones are kept,\nclasses balanced", PURPLE)
    box(paper, (8.1, y), (2.2, high), "student learns from both,\nwith noise and dropout", ORANGE)
    for start, end in ((2.0, 2.6), (4.2, 4.8), (6.4, 7.0)):
        arrow(paper, (start, y), (end, y))
    arrow(paper, (8.1, y - 0.4), (3.4, y - 0.4), bend=-0.16)
    say(paper, 5.75, y - 0.58, "the student is the next teacher", fontsize=9)
    arrow(paper, (1.2, y + 0.4), (8.1, y + 0.4), bend=-0.06, dashed=True)
    say(paper, 4.65, y + 0.73, "the labels given by people", fontsize=9)


def precision(demo: Path) -> tuple[list[float], list[float]]:
    """For each threshold, the share of right labels, and the share of clips above it."""
    with (demo / "actors" / "truth" / "truth.csv").open(encoding="utf-8") as file:
        truth = {row["id"]: row["label"] for row in csv.DictReader(file)}
    with (demo / "student" / "pseudo_labels" / "round1.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["has_face"] == "1"]
    confidence = np.array([float(row["confidence"]) for row in rows])
    right = np.array([truth[row["clip"]] == row["label"] for row in rows])
    above = [confidence > threshold for threshold in THRESHOLDS]
    return [right[kept].mean() for kept in above], [kept.mean() for kept in above]


def table_of_rounds() -> dict[str, str]:
    """First and last cell of each row of the first table of the page of results."""
    text = RESULTS.read_text(encoding="utf-8").split("| WAR |")[1].split("\n\n")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()]
    return {row[0]: row[-1] for row in rows if len(row) > 1}


def rounds() -> tuple[list[str], np.ndarray, np.ndarray, np.ndarray]:
    """Teacher and students with 250 labels a class: name, WAR, and its interval, in percent."""
    found = table_of_rounds()
    kept = {"teacher": found["supervised only"]}
    kept |= {name.split(", ")[1]: cell for name, cell in found.items() if name.startswith("student")}
    numbers = np.array([[float(n) for n in re.findall(r"\d+\.\d", cell)] for cell in kept.values()])
    return list(kept), *numbers.T


def ceiling_of_all_labels() -> float:
    """WAR with all labels, in percent."""
    return float(re.findall(r"\d+\.\d", table_of_rounds()["all labels"])[0])
