"""One page of pictures of a clip: what the crops show and how well the face was seen."""

from __future__ import annotations

import difflib
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from vidfer.crops import REGIONS, STATUS
from vidfer.errors import VidferError
from vidfer.store.reader import CropCache

COLOURS = {"missing": "#b3343a", "detected": "#1f6f54", "tracked": "#5b8def", "interpolated": "#d99a2b"}
INK, QUIET, PAPER = "#22262b", "#7a828c", "#ffffff"


def contact_sheet(cache: CropCache, clip_id: str, out: Path | str, n_frames: int = 10) -> Path:
    """Draw frames of a clip, evenly spread: time, status and the three crops, over a strip of the whole clip.

    Args:
        cache: where the clip is.
        clip_id: its id.
        out: the PNG to write.
        n_frames: at most so many columns.

    Returns:
        ``out``.

    Raises:
        VidferError: when ``out`` is no PNG, the cache has no such clip, or the clip could not be read.
    """
    out = Path(out)
    if out.suffix.lower() != ".png":
        raise VidferError(f"{out} does not end in .png; name the picture to write")
    index = _index_of(cache, clip_id)
    clip, table = cache.clips[index], cache.frames(index)
    if not len(table):
        raise VidferError(f"clip '{clip_id}' in {cache.path} has no frames: {clip.reason}")
    shown = np.unique(np.linspace(0, len(table) - 1, n_frames).round().astype(int))
    crops = cache.read(index, shown).transpose(0, 1, 3, 4, 2)
    cell, left, top, strip = 1.25, 0.75, 0.92, 1.15
    width = left + cell * max(len(shown), 5) + 0.25
    height = top + len(REGIONS) * cell + strip
    figure = Figure((width, height), dpi=110, facecolor=PAPER)
    figure.text(0.12 / width, 1 - 0.28 / height, clip.id, size=12, weight="bold", color=INK, va="center")
    facts = [clip.label or "no label", clip.subject and f"subject {clip.subject}", clip.split]
    facts += [f"{clip.n_frames} frames", f"{clip.n_faces} with a face"]
    figure.text(
        0.12 / width, 1 - 0.53 / height, "  ·  ".join(filter(None, facts)), size=9, color=QUIET, va="center"
    )
    for column, frame in enumerate(shown):
        status = STATUS[table.status[frame]]
        x = left + column * cell
        middle = (x + cell / 2) / width
        figure.text(
            middle,
            1 - 0.78 / height,
            f"{table.times_s[frame]:.2f} s",
            size=8,
            color=INK,
            ha="center",
            va="center",
        )
        for row in range(len(REGIONS)):
            y = height - top - (row + 1) * cell
            axes = figure.add_axes(
                ((x + 0.03) / width, (y + 0.03) / height, (cell - 0.06) / width, (cell - 0.06) / height)
            )
            axes.set(xticks=[], yticks=[])
            for side in axes.spines.values():
                side.set(color=COLOURS[status], linewidth=2)
            if status == "missing":
                axes.set_facecolor("#f1f2f4")
                axes.text(0.5, 0.5, "no face", size=8, color=QUIET, ha="center", transform=axes.transAxes)
            else:
                axes.imshow(crops[column, row])
    for row, region in enumerate(REGIONS):
        y = (height - top - (row + 0.5) * cell) / height
        figure.text((left - 0.1) / width, y, region, size=9, color=INK, ha="right", va="center")
    bottom = figure.add_axes((left / width, 0.42 / height, (width - left - 0.25) / width, 0.45 / height))
    _strip(bottom, table, shown)
    figure.text((left - 0.1) / width, 0.645 / height, "score", size=9, color=INK, ha="right", va="center")
    FigureCanvasAgg(figure)
    out.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(out, facecolor=PAPER)
    return out


def _strip(axes, table, shown: np.ndarray) -> None:
    """The whole clip: colour is the status, height the detection score, ticks mark the frames shown above."""
    n = len(table)
    scores = np.where(table.status > 0, np.nan_to_num(table.scores, nan=0.0), 1.0)
    for number, name in enumerate(STATUS):
        here = table.status == number
        if here.any():
            alpha = 0.35 if name == "missing" else 1.0
            axes.bar(np.flatnonzero(here), scores[here], 1.0, color=COLOURS[name], alpha=alpha, label=name)
    axes.set(xlim=(-0.5, n - 0.5), ylim=(0, 1), yticks=[0, 1], xticks=shown)
    axes.set_xticklabels([str(frame) for frame in shown])
    axes.tick_params(labelsize=7, colors=QUIET, length=2, pad=2)
    for side in axes.spines.values():
        side.set_visible(False)
    axes.legend(
        loc="upper left", bbox_to_anchor=(0, -0.4), ncols=4, fontsize=8, frameon=False, borderpad=0,
        handlelength=0.9, handleheight=0.9, labelcolor=INK, columnspacing=1.5,
    )  # fmt: skip


def _index_of(cache: CropCache, clip_id: str) -> int:
    ids = [clip.id for clip in cache.clips]
    if clip_id not in ids:
        near = difflib.get_close_matches(clip_id, ids, n=3, cutoff=0.3)
        hint = f"; similar ones: {', '.join(near)}" if near else ""
        raise VidferError(f"{cache.path} has no clip '{clip_id}'{hint}")
    return ids.index(clip_id)
