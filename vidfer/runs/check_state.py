"""Check what the record of a saved state says before a run goes on from it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from vidfer.errors import RunError


def check_state(record: dict, run: Path, file: Path) -> None:
    """Raise a RunError if a value in the record of a saved state cannot be used.

    Args:
        record: the content of ``file``, under the names of today.
        run: the run folder.
        file: ``progress.json`` of the state.
    """
    fault = _fault(record, RECORD, "") or _fault_of_sums(record["partial"])
    if fault:
        raise damaged_state(file, fault, run)


def damaged_state(file: Path, why: object, run: Path) -> RunError:
    """The error for a file of a state from which a run cannot go on."""
    return RunError(
        f"{file} is damaged ({why}); put a copy of it back, or delete {run / 'state'}: then --resume trains "
        f"from the beginning"
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and -1e300 < value < 1e300


def _is_whole(value: Any, least: int = 0) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _is_score(value: Any) -> bool:
    return value is None or _is_number(value)  # None: nothing could be validated


def _is_list_of(check: Callable[[Any], bool], value: Any) -> bool:
    return isinstance(value, list) and all(map(check, value))


PROGRESS = {
    "epoch": (_is_whole, "a whole number from 0"),
    "round": (lambda value: _is_whole(value, 1), "a whole number from 1"),
    "training_started": (_is_whole, "a whole number from 0"),
    "best": (_is_score, "a number or null"),
    "best_of_all": (_is_score, "a number or null"),
}
PARTIAL = {
    "done": (lambda value: _is_whole(value, 1), "a whole number from 1"),
    "names": (lambda value: _is_list_of(lambda name: isinstance(name, str), value), "a list of names"),
    "sums": (
        lambda value: _is_list_of(lambda row: _is_list_of(_is_number, row), value) and value,
        "a list of numbers for each process",
    ),
    "seconds": (
        lambda value: _is_list_of(lambda s: _is_number(s) and s >= 0, value) and len(value) == 2,
        "two numbers from 0",
    ),
}
RECORD = {
    "progress": (PROGRESS, "an object"),
    "partial": (PARTIAL, "an object"),
    "metrics_bytes": (_is_whole, "a whole number from 0"),
    "ema_steps": (_is_whole, "a whole number from 0"),
}
"""Name -> how to check its value (a table of names, or a function), and what it must be, in words."""


def _fault(found: dict, checks: dict, inside: str) -> str | None:
    """What is wrong with the values of an object; other names are left alone."""
    for name in found.keys() & checks.keys():
        check, must = checks[name]
        value, place = found[name], inside + name
        right = isinstance(value, dict) if isinstance(check, dict) else check(value)
        if not right:
            return f"{place} is {str(value)[:100]!r}, not {must}"
        if isinstance(check, dict) and (fault := _fault(value, check, f"{place} ")):
            return fault
    missing = {"progress", "partial", "metrics_bytes"} - found.keys() if checks is RECORD else ()
    return f"{min(missing)} is missing" if missing else None


def _fault_of_sums(partial: dict) -> str | None:
    """What is wrong between the values of ``partial``."""
    if not partial:
        return None
    if missing := {"done", "sums"} - partial.keys():
        return f"partial {min(missing)} is missing"
    lengths = {len(row) for row in partial["sums"]}
    if len(lengths) > 1 or ("names" in partial and lengths != {2 * len(partial["names"])}):
        return "partial sums has lists of another length than two numbers for each name"
    return None
