"""What the figures of the systems share: boxes, arrows, faces, and how a figure is saved."""

from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from PIL import Image

from vidfer.report.figure_style import LIGHT

BLUE, ORANGE, GREEN, PURPLE = LIGHT.series[:4]
HEAT = LinearSegmentedColormap.from_list("heat", LIGHT.heat)
DPI = 150
MOST_BYTES = 150_000
COLOURS = 192
"""Of the palette: a third of the bytes, and faces still look smooth."""


def blank(size_inches: tuple[float, float]) -> tuple[Figure, Axes]:
    """A figure with axes over all of it, in inches, for boxes and arrows."""
    figure = plt.figure(figsize=size_inches, facecolor="white")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, size_inches[0]), ylim=(0, size_inches[1]))
    axes.axis("off")
    return figure, axes


def place(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """New axes at a place in inches."""
    wide, high = figure.get_size_inches()
    return figure.add_axes((left / wide, bottom / high, width / wide, height / high))


def box(axes: Axes, centre: tuple[float, float], size: tuple[float, float], text: str, colour: str) -> None:
    """A rounded box with words in it."""
    (x, y), (width, height) = centre, size
    axes.add_patch(
        FancyBboxPatch(
            (x - width / 2, y - height / 2),
            width,
            height,
            boxstyle="round,pad=0,rounding_size=0.08",
            facecolor=colour + "22",
            edgecolor=colour,
            linewidth=1.4,
        )
    )
    axes.text(x, y, text, ha="center", va="center", fontsize=9, color=LIGHT.text, linespacing=1.25)


def arrow(
    axes: Axes,
    start: tuple[float, float],
    end: tuple[float, float],
    *,
    colour: str = "#5b6470",
    bend: float = 0.0,
    dashed: bool = False,
) -> None:
    """An arrow from one place to another."""
    axes.add_patch(
        FancyArrowPatch(
            start,
            end,
            arrowstyle="-|>",
            mutation_scale=11,
            linewidth=1.3,
            color=colour,
            linestyle="--" if dashed else "-",
            connectionstyle=f"arc3,rad={bend}",
            shrinkA=0,
            shrinkB=0,
        )
    )


def show_crop(axes: Axes, crop: np.ndarray, edge: str | None = None) -> None:
    """A crop (3, S, S), with a coloured frame if ``edge`` names a colour."""
    axes.imshow(np.moveaxis(np.asarray(crop), 0, -1), interpolation="bilinear")
    axes.set(xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set(visible=edge is not None, color=edge, linewidth=2)


def say(axes: Axes, x: float, y: float, text: str, **more) -> None:
    """Words on a canvas."""
    axes.text(x, y, text, **({"color": LIGHT.text, "fontsize": 9, "ha": "center", "va": "center"} | more))


def words(label: str) -> str:
    """A label as a reader writes it."""
    return label.replace("_", " ")


def save(figure: Figure, path: Path) -> int:
    """Write a figure on white, with a palette; gives its bytes.

    Raises:
        ValueError: the file is larger than a page should load.
    """
    figure.set_dpi(DPI)
    figure.canvas.draw()
    pixels = np.asarray(figure.canvas.buffer_rgba())[..., :3]
    plt.close(figure)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).quantize(COLOURS).save(path, optimize=True)
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise ValueError(f"{path} has {size} bytes; draw it smaller than {MOST_BYTES}")
    return size
