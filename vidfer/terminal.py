r"""Makes characters visible that would control a terminal, turn the direction of a text or end a line."""

from __future__ import annotations

import os
import re
from typing import TextIO

LINE_FEED_AND_TAB = "\n\t"

CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
"""C0 and C1 (with the start of every ANSI escape), marks of direction (bidi), separators of lines, the byte
order mark, and lone surrogates, which stand for bytes of a file name that are no UTF-8."""

COLOUR = re.compile("(\x1b\\[[0-9;]*m)")
"""The ANSI escape that sets the colour of the letters behind it."""


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


def coloured_text(text: object) -> str:
    """As :func:`terminal_text`, but colours stay. Names from files must have gone through that before."""
    parts = COLOUR.split(str(text))
    return "".join(part if number % 2 else terminal_text(part) for number, part in enumerate(parts))


def shows_colours(file: TextIO) -> bool:
    """Whether what is written there is read on a terminal that shows colours.

    The environment decides first: ``NO_COLOR`` (https://no-color.org) says no, ``FORCE_COLOR``
    (https://force-color.org) says yes, also where no terminal is seen.
    """
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR") not in (None, "", "0"):
        return True
    return file.isatty() and os.environ.get("TERM") != "dumb"


def shows_unicode(file: TextIO) -> bool:
    """Whether letters outside ASCII can be written there."""
    return (file.encoding or "").lower().replace("-", "").startswith("utf")
