"""The public Python names with their signatures and docstrings, on one page."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

import vidfer

NAMES = ("load", "Predictor", "CropCache", "find_clips", "build_cache")
"""In the order in which a user meets them. A test compares them with what ``vidfer`` offers."""

INTRODUCTION = """# Python reference

The names that `import vidfer` offers. [Python](python.md) has an example for each task. Everything else is
reached by its module, and may change from one version to the next.
"""


def api_page() -> str:
    """Markdown made from the docstrings."""
    return "\n\n".join([INTRODUCTION, *(part for name in NAMES for part in _entry(name))])


def _entry(name: str) -> Iterator[str]:
    thing = getattr(vidfer, name)
    yield f"## vidfer.{name}"
    yield _signature(f"vidfer.{name}", thing)
    yield _prose(inspect.getdoc(thing) or "")
    if inspect.isclass(thing):
        for method, value in _public_members(thing):
            yield f"### {name}.{method}"
            if not isinstance(value, property):
                yield _signature(method, value)
            yield _prose(inspect.getdoc(value) or "")


def _public_members(kind: type) -> Iterator[tuple[str, Any]]:
    for name, value in vars(kind).items():
        if not name.startswith("_"):
            plain = value.__func__ if isinstance(value, classmethod | staticmethod) else value
            if callable(plain) or isinstance(plain, property):
                yield name, plain


def _signature(name: str, thing: Any) -> str:
    signature = inspect.signature(thing)
    parameters = [one for one in signature.parameters.values() if one.name not in ("self", "cls")]
    signature = signature.replace(parameters=parameters)
    line = f"{name}{signature}"
    if len(line) > 90:
        star = ""
        rows = []
        for one in parameters:
            if one.kind is one.KEYWORD_ONLY and not star:
                star = "    *,\n"
                rows.append("    *,")
            rows.append(f"    {one},")
        back = "" if signature.return_annotation is signature.empty else f" -> {signature.return_annotation}"
        line = "\n".join([f"{name}(", *rows, f"){back}"])
    return f"```python\n{line}\n```"


def _prose(doc: str) -> str:
    """A docstring in Google's style: its sections become lists."""
    doc = re.sub(r":(?:\w+:)?`~?([^`]+)`", r"`\1`", doc).replace("``", "`")
    parts, lines = [], doc.splitlines()
    section: list[str] = []
    plain: list[str] = []
    inside = False
    for line in [*lines, ""]:
        title = re.fullmatch(r"(Args|Raises|Returns|Yields):", line.strip())
        if title and not line.startswith(" "):
            parts.append("\n".join(plain))
            plain, inside = [], True
            section = [f"**{title[1].replace('Args', 'Arguments')}**\n"]
        elif inside and line.startswith("    "):
            entry = re.match(r"    (?! )([\w*, ]+?): (.*)", line)
            if entry:
                section.append(f"- `{entry[1]}`: {entry[2]}")
            elif line.startswith("        ") or len(section) > 1:
                section[-1] += f" {line.strip()}"
            else:
                section.append(line.strip())
        elif inside and not line.strip():
            continue
        else:
            if section:
                parts.append("\n".join(section))
                section, inside = [], False
            plain.append(line)
    parts.append("\n".join(section))
    parts.append("\n".join(plain))
    return "\n\n".join(part.strip() for part in parts if part.strip())
