"""Check that a resumed run has the settings and the number format that it was started with."""

from __future__ import annotations

from dataclasses import MISSING, asdict, fields, is_dataclass
from pathlib import Path
from typing import Any

from accelerate import Accelerator

from vidfer.errors import RunError

MAY_DIFFER = {
    *("resume", "out", "tracker", "protocol", "stop_to_correct", "save_every"),
    *("data.workers", "data.decode"),
}
"""Settings that a resumed run may change: they say how the work is done, not what comes out of it."""


def check_same_settings(found: dict, settings: object, file: Path) -> None:
    """Raise a RunError if a run was started with other settings.

    Args:
        found: what ``file`` says, under the names of today.
        settings: dataclass of the resumed run.
        file: ``settings.json`` of the run.
    """
    found = _with_defaults(found, settings)
    before, now = _binding(found), _binding(as_json(settings))
    for name in sorted(before.keys() | now.keys()):
        if not _same(before.get(name), now.get(name)):
            raise RunError(
                f"{file} has {name} {_difference(before.get(name), now.get(name))}; resume with the settings "
                f"that the run was started with, or choose another --out"
            )


def check_same_precision(found: dict, accelerator: Accelerator, file: Path) -> None:
    """Raise a RunError if a run would go on in another number format.

    Without ``--mixed-precision`` the number format is that of Accelerate, which may have changed.

    Args:
        found: what ``file`` says; empty if it is not there.
        accelerator: of the resumed run.
        file: ``environment.json`` of the run.
    """
    before, now = found.get("mixed_precision"), accelerator.mixed_precision
    if before not in (None, now):
        raise RunError(
            f"{file} has mixed_precision {before}, but Accelerate is set to {now}; resume with "
            f"accelerate launch --mixed_precision {before}, or choose another --out"
        )


def as_json(settings: object) -> dict:
    """The fields of a settings dataclass as plain JSON data."""
    return to_json(asdict(settings))


def to_json(value: Any) -> Any:
    """Plain JSON data: paths become text, tuples become lists."""
    if isinstance(value, dict):
        return {name: to_json(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json(inner) for inner in value]
    return value.as_posix() if isinstance(value, Path) else value


def _with_defaults(found: dict, settings: object) -> dict:
    """Settings of an older version, with the defaults of the settings that it did not have."""
    filled = dict(found)
    for field in fields(settings):
        value = getattr(settings, field.name)
        if is_dataclass(value) and isinstance(found.get(field.name), dict):
            filled[field.name] = _with_defaults(found[field.name], value)
        elif field.name not in found and field.default is not MISSING:
            filled[field.name] = to_json(field.default)
        elif field.name not in found and is_dataclass(field.default_factory):
            filled[field.name] = as_json(field.default_factory())
    return filled


def _binding(settings: dict, inside: str = "") -> dict:
    """Without the settings that may differ."""
    return {
        name: _binding(value, f"{inside}{name}.") if isinstance(value, dict) else _unlisted(value)
        for name, value in settings.items()
        if inside + name not in MAY_DIFFER
    }


def _unlisted(value: Any) -> Any:
    """The value of a list of one, null for an empty one: some options that take several values took one
    before."""
    return next(iter(value), None) if isinstance(value, list) and len(value) < 2 else value


def _same(before: Any, now: Any) -> bool:
    """Whether two values are the same; a setting that is not there is the same as null."""
    if isinstance(before, dict) and isinstance(now, dict):
        return all(_same(before.get(name), now.get(name)) for name in before | now)
    return before == now


def _difference(before: Any, now: Any) -> str:
    """The first value that differs, in words."""
    if isinstance(before, dict) and isinstance(now, dict):
        name = next(name for name in before | now if not _same(before.get(name), now.get(name)))
        return f"{name} {_difference(before.get(name), now.get(name))}"
    return f"{before!r}, not {now!r}"
