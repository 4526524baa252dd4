"""Reads from the bytes of an image file which frames it holds, and when each is shown."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

NO_DELAY_S = 0.1
"""How long a frame is shown that states no time; browsers do the same."""

PAGES_PER_S = 25.0
"""The pages of a TIFF state no times; 25 a second is that of folders of images."""


def animation_times(content: bytes) -> np.ndarray | None:
    """Seconds from the first frame to each frame of an animated WebP or PNG, (n,); None for other files."""
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        delays_s = [
            int.from_bytes(data[12:15], "little") / 1000
            for name, data in _chunks(content, 12, "little")
            if name == b"ANMF"
        ]
    elif content.startswith(b"\x89PNG\r\n\x1a\n"):
        delays_s = [_png_delay_s(data) for name, data in _chunks(content, 8, "big") if name == b"fcTL"]
    else:
        return None
    if len(delays_s) < 2:
        return None
    shown_s = [delay_s or NO_DELAY_S for delay_s in delays_s]
    return np.concatenate([[0.0], np.cumsum(shown_s[:-1])])


def is_cut_off(content: bytes) -> bool:
    """Whether a WebP, PNG or TIFF file ends before its last frame."""
    if content[:4] == b"RIFF":
        return int.from_bytes(content[4:8], "little") + 8 > len(content)
    if content.startswith(b"\x89PNG"):
        return b"IEND\xaeB`\x82" not in content
    return _walk_tiff(content)[1]


def tiff_pages(content: bytes) -> list[int]:
    """Positions of the pages of a TIFF that are no smaller copies of others; empty for other files."""
    return _walk_tiff(content)[0]


def _walk_tiff(content: bytes) -> tuple[list[int], bool]:
    """The pages of :func:`tiff_pages`, and whether the file ends before its last page."""
    order = {b"II*\0": "little", b"MM\0*": "big"}.get(content[:4])
    if order is None:
        return [], False

    def number(at: int, size: int) -> int:
        return int.from_bytes(content[at : at + size], order)

    pages, seen, at = [], set(), number(4, 4)
    while at and at not in seen:
        n_entries = number(at, 2)
        next_at = at + 2 + 12 * n_entries
        if next_at + 4 > len(content):
            return pages, True
        # Tag 254 says what a page is; its lowest bit marks a smaller copy of another page.
        entries = range(at + 2, next_at, 12)
        if not any(number(entry, 2) == 254 and number(entry + 8, 4) & 1 for entry in entries):
            pages.append(len(seen))
        seen.add(at)
        at = number(next_at, 4)
    return pages, False


def _chunks(content: bytes, first: int, order: str) -> Iterator[tuple[bytes, bytes]]:
    """Name and the first 26 bytes of the data of each chunk of a WebP (little) or PNG (big) file."""
    at = first
    while at + 8 <= len(content):
        if order == "little":
            name, size = content[at : at + 4], int.from_bytes(content[at + 4 : at + 8], "little")
            step = 8 + size + size % 2
        else:
            size, name = int.from_bytes(content[at : at + 4], "big"), content[at + 4 : at + 8]
            step = 12 + size
        yield name, content[at + 8 : at + 8 + min(size, 26)]
        at += step


def _png_delay_s(data: bytes) -> float:
    over = int.from_bytes(data[22:24], "big") or 100
    return int.from_bytes(data[20:22], "big") / over
