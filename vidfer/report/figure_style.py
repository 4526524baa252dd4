"""The look of all figures, for light paper and for a dark screen, and how a figure becomes a picture."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CSS_PX_PER_INCH = 96
MOST_INSIDE = 5
"""A legend of more lines would cover the curves, and stands below them."""
LINE_INCHES = 0.19
SCREEN_SCALE = 2
"""Pixels of a PNG per CSS pixel, so that figures are sharp on phones and on paper."""


@dataclass(frozen=True, kw_only=True)
class Theme:
    """Colours of one appearance. The background is transparent, so that the page shows through."""

    text: str
    faint: str
    """Grid and axis lines."""
    series: tuple[str, ...]
    """Line colours after Okabe and Ito (2008): readers with any colour vision can tell them apart."""
    heat: tuple[str, str, str]
    """From 0 to 1, in one hue whose lightness changes steadily; 0 has about the colour of the page."""


LIGHT = Theme(
    text="#1d2127",
    faint="#b9bfc8",
    series=("#0072B2", "#D55E00", "#009E73", "#AA4A86", "#B37400", "#3A8FC2"),
    heat=("#f3f6f9", "#5aa5d6", "#00395c"),
)
DARK = Theme(
    text="#e7e9ee",
    faint="#4d5560",
    series=("#56B4E9", "#F08A4B", "#2FBF95", "#DE92BE", "#E6B83C", "#A9C7FF"),
    heat=("#22272e", "#2f7fb3", "#c9e6fa"),
)
# Each line also has its own marker and dashes, so that no meaning depends on colour alone.
MARKERS = ("o", "s", "^", "D", "v", "P")
DASHES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1, 1, 1)))


def add_legend(axes: Axes, theme: Theme) -> None:
    """Name the lines of axes: in their free corner, or where there are many, below, in a higher figure."""
    handles, names = axes.get_legend_handles_labels()
    if len(names) <= MOST_INSIDE:
        axes.legend(loc="best")
        return
    figure = axes.get_figure()
    width, height = figure.get_size_inches()
    figure.set_size_inches(width, height + 0.1 + LINE_INCHES * len(names))
    place = "outside lower left"
    figure.legend(handles, names, loc=place, frameon=False, fontsize=9, labelcolor=theme.text)


def dress(axes: Axes, theme: Theme) -> None:
    """Give axes the colours of the theme, two spines, and a light grid behind the data."""
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(theme.faint)
    axes.tick_params(colors=theme.text, labelsize=9, length=3)
    axes.xaxis.label.set(color=theme.text, fontsize=9.5)
    axes.yaxis.label.set(color=theme.text, fontsize=9.5)
    axes.title.set(color=theme.text, fontsize=10.5)
    axes.grid(visible=True, axis="y", color=theme.faint, alpha=0.45, linewidth=0.6)
    axes.set_axisbelow(True)
    legend = axes.get_legend()
    if legend is not None:
        legend.set_frame_on(False)
        for text in legend.get_texts():
            text.set_color(theme.text)
            text.set_fontsize(9)


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A picture ready for the page."""

    light: str
    """``data:`` address of the image, for light screens and paper."""
    dark: str | None = None
    """``data:`` address of the image for dark screens; None shows ``light`` there, too."""
    alt: str
    """The picture in words, for readers who do not see it."""
    width_px: int
    """Size on the page in CSS pixels."""
    height_px: int


def paint(draw: Callable[[Theme], Figure], alt: str) -> Picture:
    """Draw a figure in both appearances.

    Args:
        draw: draws the figure in a theme; its size must be the same in both.
        alt: the figure in words.
    """
    light = draw(LIGHT)
    width, height = (round(inches * CSS_PX_PER_INCH) for inches in light.get_size_inches())
    return Picture(
        light=_png_address(light), dark=_png_address(draw(DARK)), alt=alt, width_px=width, height_px=height
    )


def data_address(content: bytes, media_type: str) -> str:
    """The ``data:`` address that holds ``content`` itself, so that the page loads nothing from elsewhere."""
    return f"data:{media_type};base64,{base64.b64encode(content).decode('ascii')}"


def _png_address(figure: Figure) -> str:
    stream = io.BytesIO()
    # Without metadata the same numbers give the same bytes in every version of matplotlib.
    figure.savefig(
        stream,
        format="png",
        dpi=CSS_PX_PER_INCH * SCREEN_SCALE,
        transparent=True,
        metadata={"Software": None},
    )
    return data_address(stream.getvalue(), "image/png")
