"""Calibrate a teacher's confidence with one temperature, fitted on clips it was not trained on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from vidfer.infer.predict import Predictions

COLDEST, HOTTEST = 0.1, 10.0
"""Limits of the temperature: a few validation clips that are all right, or all wrong, would take it to 0 or
to infinity."""
STEPS = 80
LEAST_PROBABILITY = 1e-12
N_BINS = 10


def n_known(predictions: Predictions) -> int:
    """Number of clips with a face and a label: only these tell whether the confidence is right."""
    return int((predictions.has_face & (predictions.labels >= 0)).sum())


def fit_temperature(predictions: Predictions) -> float:
    """The temperature T that makes softmax(log p / T) the most likely on labelled clips.

    It is above 1 for a teacher that is too sure of itself (Guo et al. 2017, arXiv 1706.04599, section 4.2).

    Args:
        predictions: of validation clips. Clips without a face or a label are left out; without any other
            clip the temperature is 1.
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

    # The loss is convex in 1/T, so it has one minimum: narrow the interval by thirds.
    low, high = np.log(COLDEST), np.log(HOTTEST)
    for _ in range(STEPS):
        left, right = low + (high - low) / 3, high - (high - low) / 3
        low, high = (low, right) if loss(left) <= loss(right) else (left, high)
    return float(np.exp((low + high) / 2))


def at_temperature(predictions: Predictions, temperature: float) -> Predictions:
    """The same predictions with probabilities softmax(log p / T); the most probable class stays the same."""
    logits = np.log(np.maximum(predictions.probabilities.astype(np.float64), LEAST_PROBABILITY)) / temperature
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities = powers / powers.sum(axis=1, keepdims=True)
    return replace(predictions, probabilities=probabilities.astype(np.float32))


def calibrate(
    predictions: Predictions, on_val: Predictions, min_clips: int
) -> tuple[Predictions, float | None, str]:
    """Calibrate predictions with the temperature that fits a teacher's validation clips.

    Args:
        predictions: to calibrate.
        on_val: the same teacher's predictions of labelled validation clips.
        min_clips: with fewer validation clips with a face the predictions stay as they are.

    Returns:
        The predictions, the temperature (None if they stay as they are), and a sentence about it.
    """
    known = n_known(on_val)
    if known < min_clips:
        note = f"{known} validation clips are too few to calibrate the teacher's confidence"
        return predictions, None, f"{note} (--pseudo.min-calibration-clips {min_clips})"
    temperature = fit_temperature(on_val)
    before, after = (calibration_error(at_temperature(on_val, t)) for t in (1.0, temperature))
    note = f"the teacher's temperature is {temperature:.2f}; on validation clips its confidence is"
    return (
        at_temperature(predictions, temperature),
        temperature,
        f"{note} {before:.1%} off without and {after:.1%} off with it",
    )


def calibration_error(predictions: Predictions) -> float:
    """Expected calibration error (Guo et al. 2017, equation 3).

    This is the mean distance between confidence and accuracy over ten equal bins of confidence, weighted by
    the clips in each bin; NaN without a labelled clip with a face.
    """
    used = predictions.has_face & (predictions.labels >= 0)
    if not used.any():
        return float("nan")
    confidence = predictions.probabilities[used].max(axis=1).astype(np.float64)
    right = predictions.probabilities[used].argmax(axis=1) == predictions.labels[used]
    number = np.minimum((confidence * N_BINS).astype(int), N_BINS - 1)
    off = np.bincount(number, weights=right - confidence, minlength=N_BINS)
    return float(np.abs(off).sum() / used.sum())
