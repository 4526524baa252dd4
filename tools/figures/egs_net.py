"""EGS-Net: two branches on one encoder, who learns when, and the similarities of an episode."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure
from torch.nn import functional as F

from vidfer.models.heads.cosine import cosines
from vidfer.report.figure_style import LIGHT, dress

from .canvas import BLUE, GREEN, HEAT, ORANGE, PURPLE, arrow, blank, box, place, say, show_crop
from .clips import clips_of, see, trained

WAYS = ("happy", "sad", "surprise")
QUERIES = 2


@torch.no_grad()
def draw(demo: Path) -> Figure:
    cache, model = demo / "actors.h5", trained(demo / "egs")
    support = [clips_of(cache, label, "test", 1)[0] for label in WAYS]
    query = [clip for label in WAYS for clip in clips_of(cache, label, "test", 1 + QUERIES)[1:]]
    seen, faces = see(model, cache, support, 2)
    asked, query_faces = see(model, cache, query, 2)
    similar = cosines(asked.vector, F.normalize(seen.vector, dim=-1)).numpy()

    figure, paper = blank((9.6, 4.9))
    say(
        paper,
        4.8,
        4.65,
        "EGS-Net: two branches that learn together, then take turns",
        fontsize=12,
        weight="bold",
    )
    branches(paper)
    turns(place(figure, 0.62, 0.55, 4.4, 1.55), demo / "egs" / "metrics.jsonl")

    left, top, side = 7.05, 3.25, 0.62
    say(paper, left + 0.85, top + 1.02, "cosines of an episode of other people", weight="bold")
    for way, label in enumerate(WAYS):
        show_crop(place(figure, left + way * 0.8 + 0.08, top, side, side), faces[way], BLUE)
        say(paper, left + way * 0.8 + 0.39, top + 0.74, label, fontsize=8.5)
    axes = place(figure, left, 0.55, 0.8 * len(WAYS), 2.62)
    low, high = similar.min(), similar.max()
    axes.imshow(similar, cmap=HEAT, vmin=low - 0.1 * (high - low), vmax=high, aspect="auto")
    axes.axis("off")
    for i, j in np.ndindex(*similar.shape):
        best = similar[i].argmax() == j
        dark = similar[i, j] > (low + high) / 2
        axes.text(
            j,
            i,
            f"{similar[i, j]:.3f}" + (" ●" if best else ""),
            ha="center",
            va="center",
            fontsize=8.5,
            color="w" if dark else "k",
            weight="bold" if best else "normal",
        )
    step = 2.62 / len(query)
    for row, face in enumerate(query_faces):
        bottom = 0.55 + 2.62 - (row + 1) * step
        show_crop(place(figure, left - 0.46, bottom + 0.01, step - 0.02, step - 0.02), face)
        right = similar[row].argmax() == row // QUERIES
        say(
            paper,
            left - 0.52,
            bottom + step / 2,
            WAYS[row // QUERIES] + (" ✓" if right else " ✗"),
            fontsize=8.5,
            ha="right",
        )
    say(paper, left + 1.2, 0.33, "● is the answer, ✓ a right one", fontsize=8.5)
    return figure


def branches(paper) -> None:
    """The two branches, and where they are used."""
    box(paper, (0.75, 3.35), (1.05, 0.62), "clips of\nan episode", PURPLE)
    box(paper, (2.2, 3.35), (1.05, 0.62), "one shared\nencoder", PURPLE)
    box(paper, (4.05, 3.9), (1.75, 0.62), "emotion branch:\nall base classes", ORANGE)
    box(paper, (4.05, 2.8), (1.75, 0.62), "similarity branch:\ncosine with the support", BLUE)
    arrow(paper, (1.28, 3.35), (1.67, 3.35))
    arrow(paper, (2.73, 3.42), (3.17, 3.82))
    arrow(paper, (2.73, 3.28), (3.17, 2.88))
    arrow(paper, (4.3, 3.57), (4.3, 3.13), colour=ORANGE, dashed=True)
    arrow(paper, (3.8, 3.13), (3.8, 3.57), colour=BLUE, dashed=True)
    say(paper, 5.15, 3.35, "a frozen copy\nguides the other", fontsize=8.5)
    say(paper, 5.4, 2.8, "answers\nat test", fontsize=8.5)


def turns(axes, metrics: Path) -> None:
    """Accuracy of both branches, epoch by epoch, with the colour of the branch that learns."""
    epochs = [json.loads(line) for line in metrics.read_text().splitlines()]
    x = [epoch["epoch"] for epoch in epochs]
    for epoch in epochs:
        colour = {"both": "#ffffff", "emotion": ORANGE, "similarity": BLUE}[epoch["learner"]]
        axes.axvspan(epoch["epoch"] - 0.5, epoch["epoch"] + 0.5, color=colour, alpha=0.16, linewidth=0)
    joint = max(epoch["epoch"] for epoch in epochs if epoch["learner"] == "both")
    axes.axvline(joint + 0.5, color=LIGHT.text, linewidth=0.8)
    axes.plot(
        x, [e["emotion_accuracy"] for e in epochs], color=ORANGE, marker="s", markersize=4, label="emotion"
    )
    axes.plot(
        x, [e["train_accuracy"] for e in epochs], color=BLUE, marker="o", markersize=4, label="similarity"
    )
    axes.plot(
        x,
        [e["val_accuracy"] for e in epochs],
        "--",
        color=GREEN,
        marker="^",
        markersize=4,
        label="similarity, other people",
    )
    axes.set(xlim=(0.5, x[-1] + 0.5), ylim=(0, 1.25), xlabel="epoch", ylabel="accuracy")
    axes.set_xticks(range(2, x[-1] + 1, 2))
    axes.set_yticks([0, 0.5, 1])
    axes.text(joint / 2 + 0.5, 0.05, "both learn", ha="center", fontsize=8.5, color=LIGHT.text)
    axes.text((joint + x[-1]) / 2 + 0.5, 0.05, "turn by turn", ha="center", fontsize=8.5, color=LIGHT.text)
    axes.legend(loc="upper center", fontsize=8, ncols=3)
    dress(axes, LIGHT)
