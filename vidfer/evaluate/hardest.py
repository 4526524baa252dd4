"""The clips that are recognised least, and what they are taken for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vidfer.evaluate.result import Result

NO_FACE = "no face"


@dataclass(frozen=True, kw_only=True)
class HardClip:
    """A clip and the answers about it, over one or several results."""

    clip: str
    subject: str | None
    label: str
    has_face: bool
    asked: int
    """Questions about it, in all results together."""
    accuracy: float
    """Share of right answers, mean over the results that asked."""
    taken_for: str | None
    """The most frequent wrong answer, :data:`NO_FACE` for a clip without one; None if all were right."""
    taken_share: float
    """Share of all answers that were this one."""
    sureness: float | None
    """Mean probability of a classifier's answers; None for few-shot scores, which are no probabilities."""


def hardest_clips(results: Sequence[Result], n: int | None = None) -> list[HardClip]:
    """The clips of results on the same questions, hardest first.

    Least often recognised first; of equals those with the surest answers, then those asked most often, then
    by id.

    Args:
        results: of one kind, on the same clips.
        n: how many; None gives all that were asked for.
    """
    rows: dict[str, list[dict]] = {}
    for result in results:
        for row in result.rows:
            if row["asked"]:
                rows.setdefault(row["clip"], []).append(row)
    clips = [_judge(clip, found) for clip, found in rows.items()]
    clips.sort(key=lambda c: (c.accuracy, -(c.sureness or 0), -c.asked, c.clip))
    return clips[:n]


def _judge(clip: str, rows: Sequence[dict]) -> HardClip:
    first, asked = rows[0], sum(row["asked"] for row in rows)
    wrong: Counter[str] = Counter()
    for row in rows:
        wrong.update(wrong_answers(row))
    taken_for, times = wrong.most_common(1)[0] if wrong else (None, 0)
    probabilities = [row["probability"] for row in rows if "probability" in row]
    return HardClip(
        clip=clip,
        subject=first["subject"],
        label=first["label"],
        has_face=first["has_face"],
        asked=asked,
        accuracy=float(np.mean([row["accuracy"] for row in rows])),
        taken_for=taken_for,
        taken_share=times / asked,
        sureness=float(np.mean(probabilities)) if probabilities else None,
    )


def wrong_answers(row: dict) -> dict[str, int]:
    """Wrong answers about a clip and how often each was given, from its row in a result.

    Of a few-shot result without ``answers``, as an older vidfer wrote it, the most frequent one stands for
    all of them.
    """
    if not row["has_face"]:
        return {NO_FACE: row["asked"]}
    if "answers" in row:
        return {name: count for name, count in row["answers"].items() if name != row["label"]}
    answer = row["predicted"] if "predicted" in row else row["confused_with"]
    wrong = row["asked"] - round(row["asked"] * row["accuracy"])
    return {answer: wrong} if wrong else {}


def hardest_text(clips: Sequence[HardClip]) -> str:
    """A table for people to read."""
    table = [("clip", "subject", "label", "recognised", "taken for", "sure")]
    for c in clips:
        times = "" if c.asked == 1 else f" of {c.asked}"
        taken = "" if c.taken_for is None else c.taken_for
        share = "" if c.asked == 1 or not taken else f" {100 * c.taken_share:.0f} %"
        sure = "" if c.sureness is None or not c.has_face else f"{100 * c.sureness:.0f} %"
        recognised = f"{100 * c.accuracy:.0f} %{times}"
        table.append((c.clip, c.subject or "not known", c.label, recognised, taken + share, sure))
    kept = [k for k in range(len(table[0])) if any(row[k] for row in table[1:])]
    widths = {k: max(len(row[k]) for row in table) for k in kept}
    return "\n".join("  ".join(row[k].ljust(widths[k]) for k in kept).rstrip() for row in table)
