"""Formulas as GitHub writes them become MathML, which browsers show without any script."""

from __future__ import annotations

import re
from html import escape
from typing import Any
from xml.etree.ElementTree import Element

from latex2mathml.converter import convert
from markdown import Markdown
from markdown.extensions import Extension
from markdown.inlinepatterns import InlineProcessor

DISPLAYED = r"\$\$(.+?)\$\$"
INLINE = r"(?<![\w\\$])\$(?![\s$])((?:[^$\\]|\\.)*?)(?<![\s\\])\$(?![\w$])"
"""A dollar after a word, or before a space, is money or a variable of the shell."""


SPELLINGS = {
    r"\\operatorname\*": r"\\operatorname",
    r"\\arg\s*\\(?=min|max)": r"\\arg",
    r"\\operatorname\{arg\s*(?:\\,)?\s*(min|max)\}": r"\\arg\1",
}
"""Spellings that the converter does not know, and others that mean the same."""


def mathml(formula: str, *, displayed: bool) -> str:
    """A formula of LaTeX as MathML; its source is the text that a reader copies or hears.

    Raises:
        ValueError: it is no formula.
    """
    source = spelt = " ".join(formula.split())
    for pattern, known in SPELLINGS.items():
        spelt = re.sub(pattern, known, spelt)
    try:
        math = convert(spelt, display="block" if displayed else "inline")
    except Exception as error:  # of a kind for each mistake
        raise ValueError(f"no formula: {source} ({type(error).__name__}: {error})") from error
    if left := re.search(r">\s*(\\\w+|&amp;|&)\s*<", math):  # the converter copies what it does not know
        raise ValueError(f"no formula: {source} (the site cannot show {left[1]})")
    math = re.sub(r"<mo>(&#x02016;|&#x02225;)</mo>", r'<mo stretchy="false">\1</mo>', math)
    math = math.replace("<math ", f'<math alttext="{escape(source)}" ', 1)
    return f'<span class="formula">{math}</span>' if displayed else math


def formula_block(source: str, *_: Any, **__: Any) -> str:
    """A fenced block of ``math``; see pymdownx.superfences."""
    return f"<p>{mathml(source, displayed=True)}</p>"


class _Formula(InlineProcessor):
    def __init__(self, pattern: str, md: Markdown, *, displayed: bool) -> None:
        super().__init__(pattern, md)
        self.compiled_re = re.compile(pattern, re.DOTALL)
        self.displayed = displayed

    def handleMatch(self, found: re.Match[str], data: str) -> tuple[Element | str, int, int]:
        return self.md.htmlStash.store(mathml(found[1], displayed=self.displayed)), found.start(), found.end()


class FormulaExtension(Extension):
    """``$...$`` within a line and ``$$...$$`` on its own; code stays as it is."""

    def extendMarkdown(self, md: Markdown) -> None:
        # After code spans (190), before backslashes are taken away (180).
        md.inlinePatterns.register(_Formula(DISPLAYED, md, displayed=True), "formula_displayed", 186)
        md.inlinePatterns.register(_Formula(INLINE, md, displayed=False), "formula", 185)
