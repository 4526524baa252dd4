"""The public Python names, and the objects that they take and give, on one page."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator
from dataclasses import is_dataclass
from typing import Any

from docstrings import field_table, prose, signature

import vidfer

NAMES = (
    *("load", "Predictor", "Moment", "Prediction", "Answers", "FilmSettings", "WindowSettings"),
    *("CropCache", "find_clips", "build_cache", "errors"),
)
"""In the order in which a user meets them. A test compares them with what ``vidfer`` offers."""

RECORDS = {
    "Segment": "vidfer.infer.summary",
    "Clip": "vidfer.clips",
    "CachedClip": "vidfer.store.records",
    "FaceTrack": "vidfer.crops.track.followed_face",
    "BuildReport": "vidfer.build.build_report",
    "CropSettings": "vidfer.crops.settings",
}
"""What these names take and give, by the module to import each from."""

INTRODUCTION = """# Python reference

The names that `import vidfer` offers, and below them what they take and give. [Python](python.md) has an
example for each task. Everything else is reached by its module, and may change from one version to the next.
"""


def api_page() -> str:
    """Markdown made from signatures and docstrings."""
    parts = [INTRODUCTION]
    for name in NAMES:
        thing = getattr(vidfer, name)
        parts.append(f"## vidfer.{name}")
        if inspect.ismodule(thing):
            parts += _errors()
            continue
        if not is_dataclass(thing):  # a table has its fields
            parts.append(signature(f"vidfer.{name}", thing))
        parts += _about(name, thing)
    parts.append("## What they take and give")
    for name, place in RECORDS.items():
        thing = getattr(importlib.import_module(place), name)
        parts += [f"### {name}", f"```python\nfrom {place} import {name}\n```"]
        parts += [prose(inspect.getdoc(thing) or ""), field_table(thing)]
    return "\n\n".join(parts)


def _errors() -> Iterator[str]:
    """A row for each kind of error, the one that catches all of them first."""
    yield "| to catch | |\n|---|---|\n" + "\n".join(
        f"| `vidfer.errors.{name}` | {(inspect.getdoc(kind) or '').splitlines()[0]} |"
        for name, kind in vars(vidfer.errors).items()
        if inspect.isclass(kind) and issubclass(kind, vidfer.errors.VidferError)
    )


def _about(name: str, thing: Any) -> Iterator[str]:
    yield prose(inspect.getdoc(thing) or "")
    if not inspect.isclass(thing):
        return
    if is_dataclass(thing):
        yield field_table(thing)
    for method, value in _public_members(thing):
        about = inspect.getdoc(value)
        if about:
            yield f"### {name}.{method}"
            yield "" if isinstance(value, property) else signature(method, value)
            yield prose(about)


def _public_members(kind: type) -> Iterator[tuple[str, Any]]:
    for name, value in vars(kind).items():
        plain = getattr(value, "__func__", value)
        if not name.startswith("_") and (inspect.isfunction(plain) or isinstance(plain, property)):
            yield name, plain
