"""Calibrate the confidence of a network with one temperature, fitted on clips it was not trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from vidfer.infer.predict import Predictions, joined
from vidfer.infer.selective import GRID, LEAST_PROBABILITY, Calibration, count_answers
from vidfer.infer.selective import at_temperature as tempered
from vidfer.percent import percent

COLDEST, HOTTEST = 0.1, 10.0
"""Limits of the temperature: a few validation clips that are all right, or all wrong, would take it to 0 or
to infinity."""
STEPS = 80
N_BINS = 10
MIN_CLIPS = 100
"""With fewer validation clips with a face, a temperature can do more harm than good
(tools/calibration_clips.py), and the share of right answers is hardly known."""


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
    return replace(predictions, probabilities=tempered(predictions.probabilities, temperature))


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
        f"{note} {percent(before, 1)} off without and {percent(after, 1)} off with it",
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


def measure_calibration(parts: Sequence[Predictions], min_clips: int = MIN_CLIPS) -> Calibration | None:
    """How far a network's confidence can be trusted: its temperature, and its answers at each threshold.

    Args:
        parts: its predictions of the validation clips of each cache. Clips without a label are left out.
        min_clips: with fewer labelled clips with a face there is no calibration.
    """
    predictions = joined(parts)
    if n_known(predictions) < min_clips or not np.isfinite(predictions.probabilities).all():
        return None
    temperature = fit_temperature(predictions)
    labelled = predictions.labels >= 0
    shown = at_temperature(predictions, temperature).probabilities[labelled]
    right = shown.argmax(axis=1) == predictions.labels[labelled]
    answered, correct = count_answers(shown.max(axis=1), right, predictions.has_face[labelled])
    return Calibration(
        temperature=temperature,
        clips=int(labelled.sum()),
        thresholds=GRID,
        answered=answered,
        right=correct,
    )


def calibration_info(parts: Sequence[Predictions]) -> dict:
    """``{"calibration": ...}`` for the ``info`` of a checkpoint; empty if there are too few clips.

    Args:
        parts: see :func:`measure_calibration`.
    """
    found = measure_calibration(parts)
    return {} if found is None else {"calibration": found.record()}
