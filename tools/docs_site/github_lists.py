"""Lists as GitHub reads them, written so that Python-Markdown reads the same.

On GitHub, what belongs to an item begins in the column of its text, and a list may follow a paragraph at
once. Python-Markdown wants four columns for each level, and an empty line before a list.
"""

from __future__ import annotations

import re

STEP = 4
"""Columns of a level in Python-Markdown."""

_ITEM = re.compile(r"(?P<indent> *)(?P<marker>[-*+]|\d{1,9}[.)])(?P<space> +)(?=\S)")
_FENCE = re.compile(r" *(```+|~~~+)")


def with_room_around_lists(text: str) -> str:
    """The text with the indentation and the empty lines that Python-Markdown needs."""
    return "".join(f"{line}\n" for line in _Rewriter().lines(text.splitlines()))


class _Rewriter:
    def __init__(self) -> None:
        self.columns: list[int] = []
        """Of the text of each open item, from the outermost."""
        self.fence = ""
        """The marks that end an open block of code."""
        self.after_text = self.in_list = self.has_paragraphs = False

    def lines(self, lines: list[str]) -> list[str]:
        return [written for line in lines for written in self._line(line)]

    def _line(self, line: str) -> list[str]:
        if not line.strip():
            self.after_text, self.has_paragraphs = False, bool(self.columns)
            return [""]
        fence = _FENCE.match(line)
        if self.fence:
            if fence and fence[1].startswith(self.fence) and not line.strip(" `~"):
                self.fence = ""
            return [self._indented(line)]
        indent = len(line) - len(line.lstrip())
        item = _ITEM.match(line) if indent < self._column() + STEP else None  # further in it is code
        if item or fence or not self.after_text or line.startswith("#"):  # otherwise it goes on with its item
            while self.columns and indent < self.columns[-1]:
                self.columns.pop()
        room = [""] if item and self.after_text and (not self.in_list or self.has_paragraphs) else []
        self.after_text, self.in_list = True, bool(self.columns or item)
        if fence:
            self.fence = fence[1]
        if not item:
            return [self._indented(line)]
        start = f"{' ' * STEP * len(self.columns)}{item['marker'].replace(')', '.')} "
        self.columns.append(item.end() if len(item["space"]) <= STEP else item.end("marker") + 1)
        self.has_paragraphs = False
        return [*room, start + line[item.end() :]]

    def _column(self) -> int:
        return self.columns[-1] if self.columns else 0

    def _indented(self, line: str) -> str:
        kept = line[min(self._column(), len(line) - len(line.lstrip())) :]
        return " " * STEP * len(self.columns) + kept
