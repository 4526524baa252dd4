"""Writes text into images, in any script for which the system has a font."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib import font_manager
from matplotlib.ft2font import FT2Font
from PIL import Image, ImageDraw, ImageFont

ELLIPSIS = "\u2026"
KEPT_TEXTS = 4096
"""So many texts are kept as images; a film shows the same ones in every frame."""


def write(
    image: np.ndarray,
    text: str,
    place: tuple[float, float],
    size_px: int,
    colour: tuple[int, int, int] = (255, 255, 255),
    *,
    bold: bool = False,
    anchor: str = "left",
    width_px: float | None = None,
) -> int:
    """Write a line of text, smoothed at its edges.

    Args:
        image: uint8 (H, W, 3) RGB, changed in place. What lies beyond its edges is left out.
        text: the line.
        place: x of the end that ``anchor`` names (``left``, ``middle``, ``right``), and y of half the height
            of a capital letter.
        size_px: height of a line.
        colour: red, green and blue, 0..255.
        bold: with thick strokes.
        anchor: see ``place``.
        width_px: a longer text is cut and ends in an ellipsis.

    Returns:
        its width in pixels.
    """
    if width_px is not None:
        text = fit(text, size_px, width_px, bold=bold)
    mask, baseline = _drawn(text, size_px, bold)
    height, width = mask.shape
    x = round(place[0] - {"left": 0, "middle": width / 2, "right": width}[anchor])
    y = round(place[1] + 0.36 * size_px) - baseline  # capitals are 0.73 of the size
    left, top = max(0, -x), max(0, -y)
    right, bottom = min(width, image.shape[1] - x), min(height, image.shape[0] - y)
    if right > left and bottom > top:
        region = image[y + top : y + bottom, x + left : x + right]
        share = mask[top:bottom, left:right, None].astype(np.uint16)
        region[:] = (region * (255 - share) + np.array(colour, np.uint16) * share + 127) // 255
    return width


def width_of(text: str, size_px: int, *, bold: bool = False) -> int:
    """The width of a line of text in pixels."""
    return _drawn(text, size_px, bold)[0].shape[1]


@lru_cache(KEPT_TEXTS)
def fit(text: str, size_px: int, width_px: float, *, bold: bool = False) -> str:
    """The text, or as much of its start as fits into the width, with an ellipsis."""
    if width_of(text, size_px, bold=bold) <= width_px:
        return text
    while text and width_of(text + ELLIPSIS, size_px, bold=bold) > width_px:
        text = text[:-1]
    return text + ELLIPSIS if text else ""


@lru_cache(KEPT_TEXTS)
def _drawn(text: str, size_px: int, bold: bool) -> tuple[np.ndarray, int]:
    """How much of each pixel a text covers, uint8 (h, w), and the row of its base line."""
    font = ImageFont.truetype(_font_for(text, bold), size_px)
    left, top, right, bottom = font.getbbox(text, anchor="ls")
    width, above = max(1, right - min(0, left)), max(1, -top)
    image = Image.new("L", (width, above + max(1, bottom)))
    ImageDraw.Draw(image).text((-min(0, left), above), text, fill=255, font=font, anchor="ls")
    return np.asarray(image), above


@lru_cache(KEPT_TEXTS)
def _font_for(text: str, bold: bool) -> str:
    """The file of the first font that has all letters of a text; of the one that has most, if none has."""
    letters = {ord(sign) for sign in text if not sign.isspace()}
    own = _own_font(bold)
    missing = {own: len(letters - _letters(own))}
    for path in _system_fonts() if missing[own] else ():
        if not min(missing.values()):
            break
        missing[path] = len(letters - _letters(path))
    return min(missing, key=missing.get)


def _own_font(bold: bool) -> str:
    """DejaVu Sans, which comes with matplotlib: Latin, Greek, Cyrillic, Hebrew and Arabic letters."""
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / name)


@lru_cache(1)
def _system_fonts() -> list[str]:
    return sorted({font.fname for font in font_manager.fontManager.ttflist if font.style == "normal"})


@lru_cache(256)
def _letters(path: str) -> frozenset[int]:
    """The letters that a font has."""
    try:
        return frozenset(FT2Font(path).get_charmap())
    except (OSError, RuntimeError):  # a font that cannot be read
        return frozenset()
