"""Scores of examples by what is known without them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vidfer.infer.support.candidates import Candidate, Typical, fit
from vidfer.infer.support.embedded import BACKGROUND, EmbeddedExamples

OUTER, INNER = 40, 12
"""Most parts that examples are divided into, each of which is left out in turn: where the accuracy is
measured, and where a head is chosen within that. With fewer groups each part is one group: leave-one-out."""


def parts_of(examples: EmbeddedExamples, used: np.ndarray, most: int) -> list[np.ndarray]:
    """Masks (E,) of the parts of the used examples; all examples of a group are in one part.

    Groups are dealt out class by class, so each part has of each class about the same share.
    """
    groups, first = np.unique(examples.groups[used], return_index=True)
    by_class = groups[np.argsort(examples.labels[used][first], kind="stable")]
    n = min(most, len(groups))
    return [used & np.isin(examples.groups, by_class[part::n]) for part in range(n)]


def left_out_scores(
    candidate: Candidate,
    examples: EmbeddedExamples,
    used: np.ndarray,
    parts: Sequence[np.ndarray],
    typical: Typical,
) -> np.ndarray:
    """Scores (W, N) of the pieces of each part by the used examples outside it.

    NaN for pieces that are in no part, -inf for a class of which no example is left.
    """
    found = np.full((len(examples.owner), examples.n_classes), np.nan)
    for part in parts:
        pieces, rest = examples.pieces_of(part), used & ~part
        found[pieces] = -np.inf
        if (examples.labels[rest] != BACKGROUND).any():
            features = {name: examples.features[name][pieces] for name in candidate.view}
            found[pieces] = fit(candidate, examples, rest, typical).scores(features)
    return found


def example_scores(examples: EmbeddedExamples, scores: np.ndarray) -> np.ndarray:
    """Scores (W, N) of pieces to the mean over the pieces of each example (E, N)."""
    sums = np.zeros((len(examples), scores.shape[1]))
    with np.errstate(invalid="ignore"):
        np.add.at(sums, examples.owner, scores * examples.weights[:, None])
    return sums


def measurable(examples: EmbeddedExamples, used: np.ndarray) -> np.ndarray:
    """(E,) bool: used examples of a class that has another group, so that the rest knows the class."""
    known = used & (examples.labels != BACKGROUND)
    groups = {
        label: np.unique(examples.groups[used & (examples.labels == label)])
        for label in range(examples.n_classes)
    }
    return known & np.array([label >= 0 and len(groups[label]) > 1 for label in examples.labels])
