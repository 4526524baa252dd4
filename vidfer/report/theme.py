"""Colours of the figures, once for light paper and once for a dark screen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, kw_only=True)
class Theme:
    """Colours of one appearance; the background stays transparent, so that the page shows through."""

    text: str
    faint: str
    """Grid and axis lines."""
    series: tuple[str, ...]
    """Line colours from Okabe and Ito (2008), which people with any colour vision can tell apart."""
    heat: tuple[str, str, str]
    """From nothing to everything, in one hue with steady lightness; nothing looks like the page itself."""


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
# Colour never carries a meaning alone: each line has its own marker and dashes, too.
MARKERS = ("o", "s", "^", "D", "v", "P")
DASHES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1, 1, 1)))


def dress(axes: Axes, theme: Theme) -> None:
    """Give axes the theme's colours and the page's plain look: two spines, a light grid behind the data."""
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
