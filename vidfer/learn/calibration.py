"""How sure a teacher may be: one temperature, fitted on clips that it was not trained on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from vidfer.infer.predict import Predictions

COLDEST, HOTTEST = 0.1, 10.0
"""The temperature stays between these: a handful of validation clips that are all right, or all wrong, says
nothing about how much further it should go."""
STEPS = 80
LEAST_PROBABILITY = 1e-12


def n_known(predictions: Predictions) -> int:
    """How many clips have a face and a label, and so say something about confidence."""
    return int((predictions.has_face & (predictions.labels >= 0)).sum())


def fit_temperature(predictions: Predictions) -> float:
    """The temperature T that makes softmax(log p / T) the most likely for labelled clips (Guo et al. 2017,
    arXiv 1706.04599, section 4.2): above 1 for a teacher that is too sure of itself.

    Args:
        predictions: of validation clips; those without a face or label are left out, and 1 is returned when
            none remain.
    """
    used = predictions.has_face & (predictions.labels >= 0)
    if not used.any():
        return 1.0
    logits = np.log(np.maximum(predictions.probabilities[used].astype(np.float64), LEAST_PROBABILITY))
    labels = predictions.labels[used]

    def loss(log_temperature: float) -> float:
        scaled = logits / np.exp(log_temperature)
        scaled -= scaled.max(axis=1, keepdims=True)
        own = scaled[np.arange(len(labels)), labels]
        return float((np.log(np.exp(scaled).sum(axis=1)) - own).mean())

    # Convex in 1/T, so there is one valley: narrow it down by thirds.
    low, high = np.log(COLDEST), np.log(HOTTEST)
    for _ in range(STEPS):
        left, right = low + (high - low) / 3, high - (high - low) / 3
        low, high = (low, right) if loss(left) <= loss(right) else (left, high)
    return float(np.exp((low + high) / 2))


def at_temperature(predictions: Predictions, temperature: float) -> Predictions:
    """The same predictions with probabilities softmax(log p / T); which class is first does not change."""
    logits = np.log(np.maximum(predictions.probabilities.astype(np.float64), LEAST_PROBABILITY)) / temperature
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities = powers / powers.sum(axis=1, keepdims=True)
    return replace(predictions, probabilities=probabilities.astype(np.float32))


def calibration_error(predictions: Predictions, n_bins: int = 10) -> float:
    """Expected calibration error (Guo et al. 2017, equation 3): mean distance of confidence and accuracy.

    Over equal bins of confidence, weighted by their clips; NaN without labelled clips that show a face.
    """
    used = predictions.has_face & (predictions.labels >= 0)
    if not used.any():
        return float("nan")
    confidence = predictions.probabilities[used].max(axis=1).astype(np.float64)
    right = predictions.probabilities[used].argmax(axis=1) == predictions.labels[used]
    number = np.minimum((confidence * n_bins).astype(int), n_bins - 1)
    off = np.bincount(number, weights=right - confidence, minlength=n_bins)
    return float(np.abs(off).sum() / used.sum())
