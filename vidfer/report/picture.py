"""A figure as it stands in the page: a PNG for each appearance, and words for those who see neither."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vidfer.report.theme import DARK, LIGHT, Theme

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CSS_PX_PER_INCH = 96
SCREEN_SCALE = 2  # pixels of the PNG per CSS pixel, so that phones and paper stay sharp


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A figure ready for the template."""

    light: str
    """``data:`` address of the PNG for light screens and paper."""
    dark: str
    alt: str
    width_px: int
    """Natural size in CSS pixels."""
    height_px: int


def paint(draw: Callable[[Theme], Figure], alt: str) -> Picture:
    """Draw a figure in both appearances; ``draw`` takes the theme and must give the same size both times."""
    light = draw(LIGHT)
    width, height = (round(inches * CSS_PX_PER_INCH) for inches in light.get_size_inches())
    return Picture(
        light=_png_address(light), dark=_png_address(draw(DARK)), alt=alt, width_px=width, height_px=height
    )


def data_address(content: bytes, media_type: str) -> str:
    """The ``data:`` address that holds ``content`` itself, so that the page asks nobody for it."""
    return f"data:{media_type};base64,{base64.b64encode(content).decode('ascii')}"


def _png_address(figure: Figure) -> str:
    stream = io.BytesIO()
    # No metadata: the same numbers give the same bytes, whatever version of matplotlib wrote them.
    figure.savefig(
        stream,
        format="png",
        dpi=CSS_PX_PER_INCH * SCREEN_SCALE,
        transparent=True,
        metadata={"Software": None},
    )
    return data_address(stream.getvalue(), "image/png")
