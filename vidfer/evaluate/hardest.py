"""The clips that are recognised least often, and the answers about them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vidfer.evaluate.result import Result

NO_FACE = "no face"


@dataclass(frozen=True, kw_only=True)
class HardClip:
    """A clip, and the answers about it in one or several results."""

    clip: str
    subject: str | None
    label: str
    has_face: bool
    n_queries: int
    """How often it was a query, in all results together."""
    accuracy: float
    """Share of right answers, mean over the results in which it was a query."""
    taken_for: str | None
    """The most frequent wrong answer; :data:`NO_FACE` for a clip without a face; None if all were right."""
    taken_share: float
    """Share of all answers that are ``taken_for``."""
    confidence: float | None
    """Mean probability of a classifier's answers; None for few-shot scores, which are no probabilities."""


def hardest_clips(results: Sequence[Result], n: int | None = None) -> list[HardClip]:
    """The clips of results on the same clips, hardest first.

    The clip that is recognised least often comes first. Among equals the one with the most confident answers
    comes first, then the one that was a query most often, then the order of the ids decides.

    Args:
        results: of one kind, on the same clips.
        n: how many; None gives all clips that were a query.
    """
    rows: dict[str, list[dict]] = {}
    for result in results:
        for row in result.rows:
            if row["n_queries"]:
                rows.setdefault(row["clip"], []).append(row)
    clips = [_hard_clip(clip, found) for clip, found in rows.items()]
    clips.sort(key=lambda c: (c.accuracy, -(c.confidence or 0), -c.n_queries, c.clip))
    return clips[:n]


def _hard_clip(clip: str, rows: Sequence[dict]) -> HardClip:
    first, n_queries = rows[0], sum(row["n_queries"] for row in rows)
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
        n_queries=n_queries,
        accuracy=float(np.mean([row["accuracy"] for row in rows])),
        taken_for=taken_for,
        taken_share=times / n_queries,
        confidence=float(np.mean(probabilities)) if probabilities else None,
    )


def wrong_answers(row: dict) -> dict[str, int]:
    """The wrong answers about a clip, and how often each was given.

    Args:
        row: of the clip, in a result. Without ``answers``, as in a few-shot result of an earlier vidfer, all
            wrong answers count as the most frequent one.
    """
    if not row["has_face"]:
        return {NO_FACE: row["n_queries"]}
    if "answers" in row:
        return {name: count for name, count in row["answers"].items() if name != row["label"]}
    answer = row["predicted"] if "predicted" in row else row["confused_with"]
    wrong = row["n_queries"] - round(row["n_queries"] * row["accuracy"])
    return {answer: wrong} if wrong else {}


def hardest_text(clips: Sequence[HardClip]) -> str:
    """A table for people to read."""
    table = [("clip", "subject", "label", "recognised", "taken for", "confidence")]
    for c in clips:
        times = "" if c.n_queries == 1 else f" of {c.n_queries}"
        taken = "" if c.taken_for is None else c.taken_for
        share = "" if c.n_queries == 1 or not taken else f" {100 * c.taken_share:.0f} %"
        sure = "" if c.confidence is None or not c.has_face else f"{100 * c.confidence:.0f} %"
        recognised = f"{100 * c.accuracy:.0f} %{times}"
        table.append((c.clip, c.subject or "not known", c.label, recognised, taken + share, sure))
    kept = [k for k in range(len(table[0])) if any(row[k] for row in table[1:])]
    widths = {k: max(len(row[k]) for row in table) for k in kept}
    return "\n".join("  ".join(row[k].ljust(widths[k]) for k in kept).rstrip() for row in table)
