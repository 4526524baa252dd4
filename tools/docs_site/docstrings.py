"""Signatures, docstrings and fields of Python objects as Markdown."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from dataclasses import MISSING, fields
from typing import Any

from option_tables import text_cell

WIDEST = 88
"""A signature that is longer has a line for each parameter."""

_TITLES = {"Args": "Arguments", "Raises": "Raises", "Returns": "Returns", "Yields": "Yields"}


def signature(name: str, thing: Any) -> str:
    """How a function is called, or a class made, as a block of Python."""
    found = inspect.signature(thing)
    words = []
    star = False
    for one in found.parameters.values():
        if one.name not in ("self", "cls"):
            words += ["*"] if one.kind is one.KEYWORD_ONLY and not star else []
            star |= one.kind is one.KEYWORD_ONLY
            default = "" if one.default is one.empty else f" = {one.default!r}"
            words.append(f"{one.name}: {one.annotation}{default}")
    answer = "" if inspect.isclass(thing) or found.return_annotation == "None" else found.return_annotation
    back = f" -> {answer}" if answer else ""
    line = f"{name}({', '.join(words)}){back}"
    if len(line) > WIDEST:
        line = "\n".join([f"{name}(", *(f"    {word}," for word in words), f"){back}"])
    return f"```python\n{line}\n```"


def prose(docstring: str) -> str:
    """A docstring in Google's style; its sections become lists."""
    text = re.sub(r":(?:\w+:)?`~?([^`]+)`", r"`\1`", docstring).replace("``", "`")
    parts = re.split(r"^(Args|Raises|Returns|Yields):\n", text, flags=re.MULTILINE)
    written = [parts[0].strip()]
    for title, body in zip(parts[1::2], parts[2::2]):
        inside, *after = re.split(r"\n(?=\S)", body, maxsplit=1)
        written.append(f"**{_TITLES[title]}**\n\n{_entries(inspect.cleandoc(inside))}")
        written += [rest.strip() for rest in after]
    return "\n\n".join(part for part in written if part)


def _entries(body: str) -> str:
    """``name: text`` of a section as a list; what has no names stays a sentence."""
    entries: list[str] = []
    for line in body.splitlines():
        entry = re.match(r"([\w*, .]+): (.*)", line)
        if entry and not line.startswith(" "):
            names = ", ".join(f"`{name.strip()}`" for name in entry[1].split(","))
            entries.append(f"- {names}: {entry[2]}")
        elif entries:
            entries[-1] += f" {line.strip()}"
        else:
            entries.append(line.strip())
    return "\n".join(entries)


def field_table(kind: type) -> str:
    """The fields of a dataclass as a table, with what stands below each in its source."""
    told = {name: text for one in reversed(kind.__mro__) for name, text in _told(one)}
    rows = ["| field | type | meaning | default |", "|---|---|---|---|"]
    for one in fields(kind):
        hint = re.sub(r"\b(?:Rare|Fixed)\[(.*)\]", r"\1", str(one.type)).replace("|", "&#124;")
        default = "" if one.default in (MISSING, None, "") else f"`{one.default!r}`"
        about = text_cell(" ".join(prose(told.get(one.name, "")).split()))
        rows.append(f"| `{one.name}` | <code>{hint}</code> | {about} | {default} |")
    return "\n".join(rows)


def _told(kind: type) -> Iterator[tuple[str, str]]:
    if kind is object:
        return
    (body,) = ast.parse(inspect.cleandoc(inspect.getsource(kind))).body
    assert isinstance(body, ast.ClassDef)
    for line, below in zip(body.body, [*body.body[1:], None]):
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name):
            value = below.value if isinstance(below, ast.Expr) else None
            is_text = isinstance(value, ast.Constant) and isinstance(value.value, str)
            yield line.target.id, str(value.value) if is_text else ""
