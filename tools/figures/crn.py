"""CRN: class prototypes that are pushed apart, and two relations that are multiplied."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure

from vidfer.models.build import build_recogniser
from vidfer.models.heads.crn import CRNHead, js_divergence
from vidfer.models.heads.shots import class_means
from vidfer.models.recogniser import Recogniser
from vidfer.report.figure_style import LIGHT, dress

from .canvas import BLUE, GREEN, HEAT, ORANGE, blank, place, say, show_crop
from .clips import clips_of, see, trained

CLASSES = ("angry", "disgust", "happy", "neutral", "sad", "fear", "surprise")
WAYS, SHOTS = ("angry", "disgust", "happy", "surprise"), 3
QUERY = "happy"


@torch.no_grad()
def draw(demo: Path) -> Figure:
    cache, model = demo / "actors.h5", trained(demo / "crn")
    torch.manual_seed(0)
    untrained = build_recogniser(model.settings, model.classes).eval()
    before, after = (divergences(one, cache) for one in (untrained, model))

    figure, paper = blank((9.6, 4.7))
    say(paper, 4.8, 4.47, "CRN: prototypes are pushed apart, then compared", fontsize=12, weight="bold")
    axes = place(figure, 0.85, 0.75, 3.0, 3.0)
    axes.imshow(after, cmap=HEAT, vmin=0, vmax=1)
    for i, j in np.ndindex(*after.shape):
        dark = after[i, j] > 0.6
        axes.text(
            j, i, f"{after[i, j]:.2f}", ha="center", va="center", fontsize=8, color="w" if dark else "k"
        )
    axes.set_xticks(range(len(CLASSES)), CLASSES, rotation=35, ha="right", fontsize=8.5)
    axes.set_yticks(range(len(CLASSES)), CLASSES, fontsize=8.5)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    say(paper, 2.3, 4.08, "divergence of the classes' mean maps", weight="bold")
    highest = np.ceil(before.max() * 1000) / 1000
    say(paper, 2.3, 3.89, f"after 300 episodes; before, none was above {highest:.3f}", fontsize=8.5)
    compare(figure, paper, model, cache)
    return figure


def compare(figure: Figure, paper, model: Recogniser, cache: Path) -> None:
    """A query against the classes of an episode: both relations and their product."""
    support = [clip for label in WAYS for clip in clips_of(cache, label, "val", SHOTS)]
    query = clips_of(cache, QUERY, "val", SHOTS + 1)[SHOTS:]
    labels = torch.arange(len(WAYS)).repeat_interleave(SHOTS)
    (seen, faces), (asked, query_face) = (see(model, cache, clips, 1) for clips in (support, query))
    head: CRNHead = model.head
    relations = head.relations(seen, labels, asked)
    bars = (
        (relations.prototype_scores[0, 0].numpy(), "with the mean map", BLUE),
        (class_means(relations.pair_scores[0, 0], labels).numpy(), "mean over the shots", GREEN),
        (head.class_scores(relations, labels)[0].numpy(), "product: the score", ORANGE),
    )
    say(paper, 7.0, 4.08, f"a query, drawn as {QUERY}, against four classes", weight="bold")
    show_crop(place(figure, 4.35, 1.75, 1.0, 1.0), query_face[0], BLUE)
    say(paper, 4.85, 2.9, "query")
    side, row = 0.48, 0.75
    for way, name in enumerate(WAYS):
        bottom = 0.88 + (len(WAYS) - 1 - way) * row
        say(paper, 6.13, bottom + side / 2, name, ha="right")
        for shot in range(SHOTS):
            left = 6.2 + shot * (side + 0.04)
            show_crop(place(figure, left, bottom, side, side), faces[way * SHOTS + shot])
    axes = place(figure, 7.85, 0.75, 1.6, len(WAYS) * row)
    rows = np.arange(len(WAYS))
    for turn, (values, name, colour) in enumerate(bars):
        axes.barh(rows + 0.25 * (turn - 1), values, 0.23, color=colour, label=name)
        say(paper, 5.35 + turn * 1.6, 0.15, f"■ {name}", color=colour, fontsize=8.5)
    axes.set(
        ylim=(len(WAYS) - 0.5, -0.5), yticks=[], xlim=(0, max(max(values) for values, *_ in bars) * 1.08)
    )
    dress(axes, LIGHT)
    axes.grid(visible=False)


def divergences(model: Recogniser, cache: Path) -> np.ndarray:
    """(N, N) Jensen-Shannon divergence of every two classes' prototypes, of validation clips."""
    clips = [clip for label in CLASSES for clip in clips_of(cache, label, "val", SHOTS)]
    labels = torch.arange(len(CLASSES)).repeat_interleave(SHOTS)
    support, _ = see(model, cache, clips, 1)
    p = model.head.distributions(class_means(support.maps[:, :1], labels))[:, 0]
    return js_divergence(p[:, None], p[None]).numpy()
