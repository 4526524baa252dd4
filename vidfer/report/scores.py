"""What runs are compared by: measures with a row per result, and paired differences between two results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Row:
    """One number of one run; value and interval ends are shares in [0, 1]."""

    run: str
    seed: int | None
    value: float
    low: float
    high: float
    n: int
    unit: str
    """What was counted: ``clips`` or ``episodes``."""
    result: str
    """Name of the result file that holds the number."""


@dataclass(frozen=True, kw_only=True)
class Measure:
    """Numbers that may be compared: same metric, same clips, same classes, same kind of episode."""

    metric: str
    """``war``, ``uar`` or ``fewshot``."""
    title: str
    detail: str
    chance: float | None
    rows: Sequence[Row]


@dataclass(frozen=True, kw_only=True)
class Difference:
    """Later run minus earlier run over the same clips or episodes; shares in [-1, 1]."""

    later: str
    earlier: str
    measure: str
    value: float
    low: float
    high: float
    n: int
    unit: str
