"""Numbers as the tables of docs/results.md show them."""

from __future__ import annotations

from collections.abc import Sequence

from vidfer.evaluate.intervals import Interval


def percent(interval: Interval) -> str:
    """``53.2 % [48.1, 58.0]``."""
    ends = "" if interval.low is None else f" [{100 * interval.low:.1f}, {100 * interval.high:.1f}]"
    return f"{100 * interval.mean:.1f} %{ends}"


def points(interval: Interval | None) -> str:
    """``+2.3 [-0.7, +5.1]``; nothing of None."""
    if interval is None:
        return ""
    ends = "" if interval.low is None else f" [{100 * interval.low:+.1f}, {100 * interval.high:+.1f}]"
    return f"{100 * interval.mean:+.1f}{ends}"


def markdown(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A table."""
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *lines))
