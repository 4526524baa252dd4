"""Chooses head and features on the examples alone, and says what can be expected of the choice."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vidfer.infer.support.candidates import Candidate, Typical
from vidfer.infer.support.embedded import BACKGROUND, EmbeddedExamples
from vidfer.infer.support.leave_out import INNER, example_scores, left_out_scores, measurable, parts_of

MARGIN = 1.0
"""Another candidate than the first one must be right for at least so many more examples."""


def choose(
    candidates: Sequence[Candidate],
    examples: EmbeddedExamples,
    used: np.ndarray,
    typical: Typical,
    most_parts: int = INNER,
) -> Candidate:
    """The candidate that recognises most of the left-out examples; the first one unless another is better.

    What counts is the mean over the classes of the share that is right, and with background examples the
    share of pairs, of an example and a background example, of which the former has the higher score.
    """
    measured = measurable(examples, used)
    n_background = len(np.unique(examples.groups[used & (examples.labels == BACKGROUND)]))
    if len(candidates) == 1 or not (measured.any() and (examples.n_classes > 1 or n_background > 1)):
        return candidates[0]
    parts = parts_of(examples, used, most_parts)
    goods = [goodness(examples, left_out_scores(c, examples, used, parts, typical), used) for c in candidates]
    best = int(np.argmax(goods))
    return candidates[best if (goods[best] - goods[0]) * measured.sum() >= MARGIN - 1e-9 else 0]


def goodness(examples: EmbeddedExamples, scores: np.ndarray, used: np.ndarray) -> float:
    """How well left-out scores (W, N) of pieces tell the examples of a mask apart, 0..1."""
    of_examples = example_scores(examples, scores)
    measured, labels = measurable(examples, used), examples.labels
    right = of_examples.argmax(1) == labels
    shares = [right[measured & (labels == label)].mean() for label in np.unique(labels[measured])]
    background = of_examples.max(1)[used & (labels == BACKGROUND)]
    if len(background):
        higher = of_examples.max(1)[measured][:, None] - background
        shares.append(((higher > 0) + 0.5 * (higher == 0)).mean())
    return float(np.mean(shares))
