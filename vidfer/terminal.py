r"""Makes characters visible that would control a terminal, turn the direction of a text or end a line."""

from __future__ import annotations

import re

LINE_FEED_AND_TAB = "\n\t"

CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
"""C0 and C1 (with the start of every ANSI escape), marks of direction (bidi), separators of lines, the byte
order mark, and lone surrogates, which stand for bytes of a file name that are no UTF-8."""


def spell(character: str) -> str:
    r"""A character as Python writes it in a string, such as ``\x1b`` or ``\u202e``."""
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def terminal_text(text: object) -> str:
    r"""A text that a terminal only shows. All :data:`CONTROLS` but line feeds and tabs are spelt out.

    >>> print(terminal_text("ann\x1b[31m.mp4"))
    ann\x1b[31m.mp4
    """
    return CONTROLS.sub(
        lambda found: found[0] if found[0] in LINE_FEED_AND_TAB else spell(found[0]), str(text)
    )
