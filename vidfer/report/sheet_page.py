"""The page of a contact sheet. All places are in inches from its upper left corner."""

from __future__ import annotations

import textwrap
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from vidfer.crops import REGIONS, STATUS
from vidfer.crops.track.followed_face import FaceTrack
from vidfer.store.records import CachedClip

COLOURS = dict(zip(STATUS, ("#c0392f", "#1f9d6c", "#4a80f0", "#e0972a", "#8e63c7")))
INK, QUIET, EMPTY, PAPER = "#22262b", "#717984", "#eef0f2", "#ffffff"

SIDE, HEAD, CAPTION, STRIP, LINE = 0.35, 0.85, 0.26, 1.1, 0.2
"""Margin at the sides; heights of the head, of a caption, of the strip of the whole clip, of a line."""
APART, CLOSE = 0.2, 0.05
"""Gaps between frames, and between a frame and its crops."""
COLUMNS = 4
WIDTHS = {1: 6.0, 2: 4.6, 3: 4.0, COLUMNS: 3.2}
"""Width of a column by the number of columns."""
TALLEST, FLATTEST = 0.8, 0.4
"""Limits of height by width of a frame panel. A picture beyond them leaves empty space beside it."""


class SheetPage:
    """Frames from left to right and from top to bottom, each over its three crops.

    Args:
        n_frames: how many.
        aspect: height of a frame divided by its width.
        notes: lines to write at the foot.
    """

    def __init__(self, n_frames: int, aspect: float, notes: Sequence[str]) -> None:
        self.columns = min(n_frames, COLUMNS)
        self.cell = WIDTHS[self.columns]
        self.frame_height = self.cell * float(np.clip(aspect, FLATTEST, TALLEST))
        self.crop = (self.cell - (len(REGIONS) - 1) * CLOSE) / len(REGIONS)
        self.row_height = CAPTION + self.frame_height + CLOSE + self.crop + APART
        self.width = 2 * SIDE + self.columns * self.cell + (self.columns - 1) * APART
        lines = [line for note in notes for line in textwrap.wrap(note, int(12.5 * (self.width - 2 * SIDE)))]
        self.strip_y = HEAD + -(-n_frames // self.columns) * self.row_height
        self.height = self.strip_y + STRIP + LINE * len(lines) + (0.15 if lines else 0)
        self.figure = Figure((self.width, self.height), dpi=130, facecolor=PAPER)
        FigureCanvasAgg(self.figure)
        for number, line in enumerate(lines):
            self.text(SIDE, self.strip_y + STRIP + LINE * (number + 0.2), line, size=8.5, color=QUIET)

    def text(self, x: float, y: float, words: str, **style) -> None:
        """Write words; ``y`` is the middle of their height."""
        self.figure.text(x / self.width, 1 - y / self.height, words, va="center", parse_math=False, **style)

    def head(self, clip: CachedClip) -> None:
        """Write which clip this is."""
        longest = int(9 * self.width)
        name = clip.id if len(clip.id) <= longest else "..." + clip.id[-longest:]
        self.text(SIDE, 0.3, name, size=13, weight="bold", color=INK)
        share = f"{clip.n_faces} of {clip.n_frames} frames with a face"
        facts = [clip.label or "no label", clip.subject and f"subject {clip.subject}", clip.split, share]
        self.text(SIDE, 0.57, "  ·  ".join(filter(None, facts)), size=9.5, color=QUIET)

    def caption(self, place: int, frame: int, time_s: float, status: str, score: float) -> None:
        """Write number, time and status over a frame."""
        x, y = self._corner(place)
        self.text(x, y + CAPTION / 2, f"{time_s:.2f} s", size=9, color=INK)
        self.text(x + self.cell / 2, y + CAPTION / 2, f"frame {frame}", size=9, color=QUIET, ha="center")
        words = f"{status} {score:.2f}" if score > 0 else status
        self.text(x + self.cell, y + CAPTION / 2, words, size=9, color=COLOURS[status], ha="right")

    def frame_axes(self, place: int, status: str) -> Axes:
        """The axes for a whole frame."""
        x, y = self._corner(place)
        axes = self._axes(x, y + CAPTION, self.cell, self.frame_height)
        for side in axes.spines.values():
            side.set(color=COLOURS[status], linewidth=2.2)
        return axes

    def crop_axes(self, place: int, region: int) -> Axes:
        """The axes for a crop of that frame."""
        x, y = self._corner(place)
        axes = self._axes(
            x + region * (self.crop + CLOSE), y + CAPTION + self.frame_height + CLOSE, self.crop, self.crop
        )
        for side in axes.spines.values():
            side.set_visible(False)
        return axes

    def strip(self, track: FaceTrack, shown: np.ndarray, has_others: bool) -> None:
        """Draw the whole clip: colour is the status, height the score, and ticks mark the frames above."""
        y, height, n = self.strip_y + 0.1, 0.4, len(track)
        axes = self._axes(SIDE, y, self.width - 2 * SIDE, height)
        scores = np.where(track.scores > 0, track.scores, 1.0)  # missing and assumed faces have no score
        for number, name in enumerate(STATUS):
            here = track.status == number
            if here.any():
                heights = np.append(np.where(here, scores, 0.0), 0.0)
                axes.fill_between(
                    np.arange(n + 1) - 0.5, heights, step="post", color=COLOURS[name], linewidth=0,
                    label=f"{name} {here.sum():,}",
                )  # fmt: skip
        axes.set(xlim=(-0.5, n - 0.5), ylim=(0, 1), xticks=shown)
        axes.set_xticklabels([str(frame) for frame in shown])
        axes.tick_params(labelsize=8, colors=QUIET, length=2.5, pad=2)
        for side in axes.spines.values():
            side.set_visible(False)
        handles, labels = axes.get_legend_handles_labels()
        self.figure.legend(
            handles, labels, loc="upper left",
            bbox_to_anchor=(SIDE / self.width, 1 - (y + 0.68) / self.height), ncols=len(STATUS), fontsize=9,
            frameon=False, borderpad=0, borderaxespad=0, handlelength=0.9, handleheight=0.9, labelcolor=INK,
            columnspacing=1.6,
        )  # fmt: skip
        words = "colour: status  ·  height: score"
        if has_others:
            words += "  ·  thin boxes: other faces in the video"
        self.text(self.width - SIDE, y + 0.76, words, size=8.5, color=QUIET, ha="right")

    def save(self, out: Path) -> None:
        """Write the page as PNG."""
        with warnings.catch_warnings():
            warnings.filterwarnings(
                "ignore", message="Glyph"
            )  # a name in letters that the font does not have
            self.figure.savefig(out, facecolor=PAPER)

    def _corner(self, place: int) -> tuple[float, float]:
        """Upper left corner of a frame with its caption and crops."""
        row, column = divmod(place, self.columns)
        return SIDE + column * (self.cell + APART), HEAD + row * self.row_height

    def _axes(self, x: float, y: float, width: float, height: float) -> Axes:
        place = (x / self.width, 1 - (y + height) / self.height, width / self.width, height / self.height)
        axes = self.figure.add_axes(place, facecolor=EMPTY)
        axes.set(xticks=[], yticks=[])
        return axes
