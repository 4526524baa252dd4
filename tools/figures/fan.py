"""FAN: how much each frame of a clip counts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure

import vidfer
from vidfer.actors.draw import draw_clip
from vidfer.actors.encode import encode
from vidfer.actors.identity import sample_identity
from vidfer.data.dataset import ClipDataset
from vidfer.report.figure_style import LIGHT, dress

from .canvas import BLUE, GREEN, ORANGE, blank, place, say, show_crop
from .clips import trained

LABEL, SEED = "surprise", 9
"""The first seed with which this expression begins and ends at rest. The demo has other people."""
N_FRAMES, FPS, SHOWN = 24, 12, 12


def film(folder: Path) -> tuple[Path, np.ndarray]:
    """One drawn person who begins and ends at rest; the cache of it, and how strong the expression is."""
    frames, truth = draw_clip(
        sample_identity(np.random.default_rng(SEED)),
        LABEL,
        setting="studio",
        seed=SEED,
        n_frames=N_FRAMES,
        fps=FPS,
        size=(320, 240),
    )
    path = folder / "film" / LABEL / "actor.mp4"
    path.parent.mkdir(parents=True, exist_ok=True)
    encode(frames, path, fps=FPS, crf=18)
    cache = folder / "film.h5"
    if not cache.exists():
        vidfer.build_cache(vidfer.find_clips("folder", folder / "film"), cache)
    return cache, truth.intensities.max(axis=(1, 2))


@torch.no_grad()
def draw(demo: Path) -> Figure:
    model = trained(demo / "fan")
    cache, strength = film(demo / "figures")
    item = ClipDataset(cache, [0], n_frames=SHOWN)[0]
    embedding = model.embed(item["crops"][None], item["frame_mask"][None])
    weights, alpha, beta = (embedding.attention[name][0].numpy() for name in ("frames", "alpha", "beta"))
    answer = model.classifier(embedding.vector).softmax(-1)[0]

    wide, left, right = 9.6, 0.75, 0.15
    figure, paper = blank((wide, 4.25))
    axes = place(figure, left, 1.55, wide - left - right, 2.3)
    frames = np.arange(SHOWN)
    # The network sees the middle frame of each of SHOWN equal parts.
    drawn = strength[(frames * N_FRAMES + N_FRAMES // 2) // SHOWN]
    axes.fill_between(
        frames, drawn, color=LIGHT.faint, alpha=0.35, label="how strong the drawn expression is"
    )
    axes.plot(frames, alpha, "--", color=BLUE, marker="o", markersize=4, label="α: the frame alone")
    axes.plot(frames, beta, "-.", color=GREEN, marker="^", markersize=4, label="β: against the first summary")
    axes.plot(
        frames,
        weights * SHOWN,
        color=ORANGE,
        linewidth=2.4,
        marker="s",
        markersize=5,
        label="αβ over its mean: how much it counts",
    )
    axes.axhline(1, color=LIGHT.text, linewidth=0.7, linestyle=":")
    axes.text(SHOWN - 0.55, 1.03, "all alike", fontsize=8, ha="right", color=LIGHT.text)
    axes.set(xlim=(-0.5, SHOWN - 0.5), ylim=(0, weights.max() * SHOWN * 1.32), xticks=[])
    axes.legend(loc="upper left", fontsize=8.5, ncols=2)
    dress(axes, LIGHT)
    step = (wide - left - right) / SHOWN
    for i in frames:
        face = place(figure, left + (i + 0.04) * step, 0.72, 0.92 * step, 0.92 * step)
        show_crop(face, item["crops"][i, 0].numpy())
        say(paper, left + (i + 0.5) * step, 0.58, f"{weights[i]:.2f}", color=ORANGE, weight="bold")
    say(paper, 0.4, 0.58, "weight", color=ORANGE, weight="bold")
    say(
        paper,
        wide / 2,
        0.22,
        f"Every second frame of a film of {N_FRAMES / FPS:.0f} s, which shows {LABEL}. The network says "
        f"{model.classes[int(answer.argmax())]} ({100 * float(answer.max()):.0f} %).",
    )
    say(paper, wide / 2, 4.05, "FAN: neutral frames at both ends hardly count", fontsize=12, weight="bold")
    return figure
