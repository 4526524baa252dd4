"""CSRN: the channels of a class's prototype, and the relation of a query with every shot in every region."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from vidfer.crops import REGIONS
from vidfer.data.dataset import ClipDataset
from vidfer.models.heads.csrn import CSRNHead
from vidfer.models.heads.select_channels import select_channels

from .canvas import BLUE, GREEN, HEAT, ORANGE, PURPLE, blank, place, say, show_crop, words
from .clips import clips_of, see, trained

WAYS, SHOTS = ("contempt", "happily_surprised", "sadly_fearful"), 3
QUERY = 1
SHOT_COLOURS = (BLUE, ORANGE, GREEN)


@torch.no_grad()
def draw(demo: Path) -> Figure:
    cache, model = demo / "actors.h5", trained(demo / "csrn")
    head: CSRNHead = model.head
    support = [clip for label in WAYS for clip in clips_of(cache, label, "test", SHOTS)]
    query = clips_of(cache, WAYS[QUERY], "test", SHOTS + 1)[SHOTS:]
    labels = torch.arange(len(WAYS)).repeat_interleave(SHOTS)
    (seen, faces), (asked, _) = (see(model, cache, clips, 2) for clips in (support, query))
    relations = head.relations(seen, labels, asked)
    pairs = relations.pair_scores[0].numpy()  # (R, S)
    prototypes = relations.prototype_scores[0].numpy()
    score = head.class_scores(relations.pair_scores, relations.prototype_scores, labels)[0].numpy()
    chosen = chosen_shots(seen.maps[:, 0], labels)
    crops = ClipDataset(cache, query, n_frames=1)[0]["crops"][0].numpy()

    figure, paper = blank((9.6, 5.0))
    say(paper, 4.8, 4.75, "CSRN: a query against every shot, region by region", fontsize=12, weight="bold")
    side, rows = 0.72, (2.6, 1.85, 1.1)
    say(paper, 0.85, 3.45, "query", weight="bold")
    for region, y in enumerate(rows):
        show_crop(place(figure, 0.5, y, 0.7, 0.7), crops[region], PURPLE)
        say(paper, 1.62, y + 0.35, REGIONS[region])
    answer = int(score.argmax())
    for way, label in enumerate(WAYS):
        left = 2.1 + way * 2.5
        colour = "#0a7a45" if way == answer else "#1d2127"
        say(
            paper,
            left + 1.1,
            4.4,
            words(label) + (" (the answer)" if way == answer else ""),
            weight="bold",
            color=colour,
        )
        for shot in range(SHOTS):
            face = place(figure, left + shot * 0.74 + 0.01, 3.4, side, side)
            show_crop(face, faces[way * SHOTS + shot], SHOT_COLOURS[shot])
            for region, y in enumerate(rows):
                value = pairs[region, way * SHOTS + shot]
                cell = place(figure, left + shot * 0.74 + 0.01, y, side, 0.7)
                cell.imshow([[value]], cmap=HEAT, vmin=0, vmax=1, aspect="auto")
                cell.axis("off")
                cell.text(
                    0,
                    0,
                    f"{value:.2f}",
                    ha="center",
                    va="center",
                    fontsize=9.5,
                    color="w" if value > 0.55 else "k",
                )
        strip = place(figure, left + 0.01, 0.62, 2.2, 0.34)
        strip.imshow(
            chosen[way].reshape(4, 16),
            cmap=ListedColormap(SHOT_COLOURS),
            vmin=0,
            vmax=SHOTS - 1,
            aspect="auto",
        )
        strip.set_xticks(np.arange(15) + 0.5, [], minor=False)
        strip.set_yticks(np.arange(3) + 0.5, [])
        strip.tick_params(length=0)
        strip.grid(color="w", linewidth=0.8)
        strip.spines[:].set_visible(False)
        shown = f"{pairs.sum(0).reshape(-1, SHOTS)[way].sum():.2f} + 2.1 × {prototypes[way]:.2f}"
        say(paper, left + 1.1, 0.3, f"{shown} = {score[way]:.2f}", weight="bold", color=colour, fontsize=8.5)
    say(paper, 1.05, 0.79, "prototype's 64\nchannels: which\nshot each is from", fontsize=8)
    say(paper, 1.05, 0.27, "score: sum of pairs\n+ 3 × 0.7 × prototype", weight="bold", fontsize=8.5)
    say(paper, 1.62, 3.76, "shots")
    return figure


def chosen_shots(maps: torch.Tensor, labels: torch.Tensor) -> np.ndarray:
    """(N, 64) the shot that each channel of each class's prototype was taken from."""
    prototypes = select_channels(maps, labels)
    shots = maps.unflatten(0, (len(WAYS), SHOTS))
    same = (shots == prototypes[:, None]).all(-1).all(-1)  # (N, K, C)
    return same.float().argmax(1).numpy()
