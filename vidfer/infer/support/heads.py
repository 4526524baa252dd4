"""Heads that need no training: from a few standardised examples to a score for each class.

A score above 0 says: more like the class than like the background, which is at the origin.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

RIDGE = 0.3
"""The ridge, in shares of the mean squared length of the examples."""

BACKGROUND_LENGTH = 1.0
"""About the length of standardised background faces. In a cosine it keeps faces that are as near to the
origin from looking like whatever direction their noise has."""

HEADS = {
    "ridge": "ridge regression",
    "mean": "nearest mean",
    "cosine": "nearest mean by cosine",
}
"""Name -> in words. The first one is taken unless the examples speak for another."""

State = Mapping[str, np.ndarray]
"""What a head keeps of the examples: ``weights`` (D, N) and ``bias`` (N,) of a linear one, ``directions`` (D,
N) of one that compares directions."""


def fit_head(name: str, z: np.ndarray, labels: np.ndarray, n_classes: int) -> State:
    """What a head keeps of examples.

    Args:
        name: in :data:`HEADS`.
        z: (E, D) standardised.
        labels: (E,) 0..N-1, or -1 for a background example; each class has at least one.
        n_classes: N.
    """
    if name == "mean":
        # ln p(z|class) - ln p(z|background), both normal with the same unit covariance: z m - |m|²/2
        means = np.stack([z[labels == label].mean(0) for label in range(n_classes)])
        return {"weights": means.T, "bias": -np.square(means).sum(1) / 2}
    if name == "ridge":
        return _fit_ridge(z, labels, n_classes)
    directions = _unit(z)
    means = [directions[labels == label].mean(0) for label in range(n_classes)]
    return {"directions": _unit(np.stack(means)).T}


def scores_of(state: State, z: np.ndarray) -> np.ndarray:
    """Scores (M, N) of standardised pieces (M, D)."""
    if "weights" in state:
        return z @ state["weights"] + state["bias"]
    lengths = np.sqrt(np.square(z).sum(1, keepdims=True) + BACKGROUND_LENGTH**2)
    return z @ state["directions"] / lengths


def _fit_ridge(z: np.ndarray, labels: np.ndarray, n_classes: int) -> State:
    """One linear function for each class and one for the background, which is subtracted.

    All classes weigh the same. Without background examples the origin stands for them. Few examples in many
    dimensions are solved in the space of examples (Saunders et al. 1998).
    """
    if not (labels < 0).any():
        z, labels = np.vstack([z, np.zeros(z.shape[1])]), np.append(labels, -1)
    targets = np.eye(n_classes + 1)[labels]  # -1 is the last column
    weights = 1 / targets.sum(0)[labels] / (n_classes + 1)
    centre, mean = weights @ z, weights @ targets
    centred = z - centre
    gram = centred @ centred.T
    ridge = RIDGE * (weights @ np.diag(gram)) + 1e-12
    # minimises sum_i w_i |y_i - W z_i|² + ridge |W|²
    dual = np.linalg.solve(gram + np.diag(ridge / weights), targets - mean)
    linear = centred.T @ dual
    bias = mean - centre @ linear
    return {"weights": linear[:, :-1] - linear[:, -1:], "bias": bias[:-1] - bias[-1]}


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)
