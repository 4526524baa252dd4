"""Names and options in code that a narrow window does not break: ``--out`` is not ``--`` and ``out``."""

from __future__ import annotations

import re

SHORT = 16
"""So many signs of code fit on any line, and stay on one."""

_CODE = re.compile(r"<code>([^<]*)</code>")
_OPTION = re.compile(r"(?<!\S)--[\w.-]+(?!\S)")


def with_whole_words(html: str) -> str:
    """The HTML of a page with ``class="whole"`` for short code, and for each option in longer code.

    A long option keeps its first word whole.
    """

    def marked(code: re.Match[str]) -> str:
        if len(code[1]) <= SHORT and " " not in code[1]:
            return f'<code class="whole">{code[1]}</code>'
        return f"<code>{_OPTION.sub(_spanned, code[1])}</code>"

    return _CODE.sub(marked, html)


def _spanned(option: re.Match[str]) -> str:
    whole = option[0] if len(option[0]) <= SHORT else re.match(r"--\w+", option[0])[0]
    return f'<span class="whole">{whole}</span>{option[0].removeprefix(whole)}'
