"""Learns from embedded examples: chooses head and features, fits them, and calibrates the scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from vidfer.infer.support.calibration import Calibration, fit_calibration
from vidfer.infer.support.candidates import Candidate, Fitted, Typical, fit
from vidfer.infer.support.choose import choose
from vidfer.infer.support.embedded import BACKGROUND, EmbeddedExamples
from vidfer.infer.support.leave_out import INNER, left_out_scores, measurable, parts_of

DRAWN = 100
"""So many typical neutral faces are drawn."""

ENOUGH_BACKGROUND = 3
"""With fewer background examples typical faces stand beside them, and make up this number."""

FROM_ITSELF = 0.35
"""A face of a class reaches about this share of the score that the one example of the class gives itself
(ridge regression: 0.31 on FER2013's images, 0.53 and 0.22 on drawn people)."""

OTHER_CLASS = 0.25
"""How much an example counts as a face of another expression, when its whole class is left out."""


@dataclass(frozen=True)
class LearnedHead:
    """What a file of own expressions holds beside its settings."""

    candidate: Candidate
    fitted: Fitted
    calibration: Calibration

    def probabilities(self, features: Mapping[str, np.ndarray]) -> np.ndarray:
        """Of pieces, (M, N + 1): of each class, and of none of them."""
        return self.calibration(self.fitted.scores(features))


def learn_head(
    candidates: Sequence[Candidate], examples: EmbeddedExamples, used: np.ndarray, typical: Typical
) -> LearnedHead:
    """Choose, fit and calibrate a head on the examples of a mask (E,), and on nothing else."""
    candidate = choose(candidates, examples, used, typical)
    fitted = fit(candidate, examples, used, typical)
    parts = parts_of(examples, used, INNER)
    left_out = left_out_scores(candidate, examples, used, parts, typical)
    return LearnedHead(candidate, fitted, _calibrate(fitted, candidate, examples, used, typical, left_out))


def _calibrate(
    fitted: Fitted,
    candidate: Candidate,
    examples: EmbeddedExamples,
    used: np.ndarray,
    typical: Typical,
    left_out: np.ndarray,
) -> Calibration:
    pieces = examples.pieces_of(measurable(examples, used))
    scores, labels = left_out[pieces], examples.labels[examples.owner[pieces]]
    weights = examples.weights[pieces]
    if not len(scores):  # one example of each class
        pieces = examples.pieces_of(used & (examples.labels != BACKGROUND))
        scores = FROM_ITSELF * fitted.scores(_features(examples, candidate, pieces))
        labels, weights = examples.labels[examples.owner[pieces]], examples.weights[pieces]
    others, other_weights = _others(fitted, candidate, examples, used, typical, left_out)
    return fit_calibration(scores, labels, weights, others, other_weights)


def _others(fitted, candidate, examples, used, typical, left_out) -> tuple[np.ndarray, np.ndarray]:
    """Scores, and weights, of pieces that show none of the classes that the head knows.

    These are left-out background examples; the examples of a class when the whole class is left out; and
    typical neutral faces, where there are few background examples.
    """
    scores, weights = [], []
    background = used & (examples.labels == BACKGROUND)
    pieces = examples.pieces_of(background) & np.isfinite(left_out).any(1)
    scores.append(left_out[pieces])
    weights.append(examples.weights[pieces])
    if len(fitted.present) > 1:
        for label in fitted.present:
            of_class = used & (examples.labels == label)
            pieces = examples.pieces_of(of_class)
            without = fit(candidate, examples, used & ~of_class, typical)
            scores.append(without.scores(_features(examples, candidate, pieces)))
            weights.append(OTHER_CLASS * examples.weights[pieces])
    missing = ENOUGH_BACKGROUND - len(np.unique(examples.groups[background]))
    if missing > 0 and all(name in typical for name in candidate.view):
        drawn = {name: typical[name].draw(DRAWN, seed) for seed, name in enumerate(candidate.view)}
        scores.append(fitted.scores(drawn))
        weights.append(np.full(DRAWN, missing / DRAWN))
    scores, weights = np.concatenate(scores), np.concatenate(weights)
    if not len(scores):  # nothing is known of other faces: one of them stands at the origin
        origin = dict(zip(candidate.view, np.split(fitted.standardised.origin, _ends(examples, candidate))))
        scores = fitted.scores({name: values[None] for name, values in origin.items()})
        weights = np.ones(1)
    return scores, weights


def _ends(examples: EmbeddedExamples, candidate: Candidate) -> np.ndarray:
    return np.cumsum([examples.features[name].shape[1] for name in candidate.view])[:-1]


def _features(examples: EmbeddedExamples, candidate: Candidate, pieces: np.ndarray) -> dict[str, np.ndarray]:
    return {name: examples.features[name][pieces] for name in candidate.view}
