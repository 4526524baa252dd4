"""From scores to probabilities of the own expressions and of none of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

TEMPERATURES = 2.0 ** np.arange(-3, 3.1)
"""In multiples of how far the best class leads on average."""

PLACES = 41
"""So many scores for none of these are tried, from the lowest to the highest score that was seen."""

DRAWN_TO_START = 0.02
"""How much a temperature of twice or half that lead must gain in mean log-likelihood."""


@dataclass(frozen=True)
class Calibration:
    """None of these is one more class, whose score is always the same: p = softmax((scores, none) / T)."""

    none: float
    """The score of none of these: the threshold that a class must pass."""
    temperature: float

    def __call__(self, scores: np.ndarray) -> np.ndarray:
        """Scores (M, N) to probabilities (M, N + 1), the last one of none of the classes."""
        together = np.concatenate([scores, np.full((len(scores), 1), self.none)], axis=1) / self.temperature
        raised = np.exp(together - together.max(1, keepdims=True))
        return raised / raised.sum(1, keepdims=True)


def fit_calibration(
    known: np.ndarray,
    labels: np.ndarray,
    known_weights: np.ndarray,
    others: np.ndarray,
    other_weights: np.ndarray,
) -> Calibration:
    """Threshold and temperature of the highest likelihood, for as many known faces as others.

    Few examples cannot make anything certain: as in Platt's scaling (1999), the targets are (n + 1)/(n + 2)
    of n known examples and (m + 1)/(m + 2) of m others, as after one more that came out the other way.

    Args:
        known: scores (P, N) of pieces that show one of the classes, by heads that did not know their example.
        labels: (P,) these classes.
        known_weights: (P,) their sum is n, the number of examples.
        others: scores (Q, N) of pieces that show none of the classes that the head knew.
        other_weights: (Q,) their sum is m.
    """
    n, m = known_weights.sum(), other_weights.sum()
    highest = np.concatenate([known.max(1), others.max(1)])
    highest = highest[np.isfinite(highest)]
    lead = float(np.mean(known.max(1) - np.median(others.max(1)))) if len(others) else 0.0
    lead = max(lead, float(highest.std()), 1e-6)
    rows = np.arange(len(labels))
    best, found = np.inf, Calibration(float(highest.mean()), lead)
    for multiple in TEMPERATURES:
        for none in np.linspace(highest.min(), highest.max(), PLACES):
            tried = Calibration(float(none), lead * float(multiple))
            chances, of_others = tried(known), tried(others)
            own = np.log(np.maximum(chances[rows, labels], 1e-6))
            lost = np.log(np.maximum(chances[:, -1], 1e-6))
            right = np.log(np.maximum(of_others[:, -1], 1e-6))
            wrong = np.log(np.maximum(of_others[:, :-1].max(1), 1e-6))
            likelihood = known_weights @ ((n + 1) * own + lost) / (n * (n + 2))
            likelihood += other_weights @ ((m + 1) * right + wrong) / (m * (m + 2))
            loss = -likelihood + DRAWN_TO_START * np.log2(multiple) ** 2
            if loss < best:
                best, found = loss, tried
    return found
