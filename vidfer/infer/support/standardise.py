"""Brings the features of several networks to one scale, with the background at the origin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from vidfer.infer.support.embedded import BACKGROUND, EmbeddedExamples
from vidfer.infer.support.typical_faces import TypicalFaces

OVERALL = 10.0
"""The spread of each number is drawn towards the mean spread of all numbers as if so many examples had it."""


@dataclass(frozen=True)
class Standardised:
    """z = (x − origin) / scale, all features of a view one after the other (D numbers)."""

    origin: np.ndarray
    """(D,) float64: the background, or without background examples the middle of what is known."""
    scale: np.ndarray
    """(D,) float64. Scaled, a feature has about length 1 for faces of one expression, however many numbers it
    has."""

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """Features (M, D), one after the other, standardised."""
        return (values - self.origin) / self.scale


def joined(features: Mapping[str, np.ndarray], view: Sequence[str]) -> np.ndarray:
    """The features of a view (M, D) one after the other."""
    return np.concatenate([features[name] for name in view], axis=1)


def fit_standardised(
    examples: EmbeddedExamples, view: Sequence[str], used: np.ndarray, typical: Mapping[str, TypicalFaces]
) -> Standardised:
    """Origin and scale from the examples of a mask (E,) and from typical faces, where these are known.

    The origin is the mean of the background examples, with the typical neutral face as one more of them.
    Without background examples it is the mean of the class means, with the typical face as one more class.
    """
    origins, scales = [], []
    for name in view:
        means, known = examples.means[name][used], typical.get(name)
        labels = examples.labels[used]
        background = means[labels == BACKGROUND]
        rows = list(background) if len(background) else _class_means(means, labels)
        origins.append(np.mean([*rows, *([known.mean] if known else [])], axis=0))
        spread = known.spread if known else _spread(examples, name, used)
        scales.append(spread * np.sqrt(len(view) * len(spread)))
    return Standardised(np.concatenate(origins), np.concatenate(scales))


def _class_means(means: np.ndarray, labels: np.ndarray) -> list[np.ndarray]:
    return [means[labels == label].mean(0) for label in np.unique(labels)]


def _spread(examples: EmbeddedExamples, name: str, used: np.ndarray) -> np.ndarray:
    """(C,) standard deviation within a class: over examples, and over the pieces of an example."""
    pieces, means = examples.features[name], examples.means[name]
    kept = examples.pieces_of(used)
    squares = np.zeros(pieces.shape[1])
    freedom = 0.0
    within = pieces[kept] - means[examples.owner[kept]]
    squares += (np.square(within) * examples.weights[kept, None]).sum(0)
    for label in np.unique(examples.labels[used]):
        of_class = means[used & (examples.labels == label)]
        squares += np.square(of_class - of_class.mean(0)).sum(0)
        freedom += len(of_class) - 1
    overall = float(np.square(means[used] - means[used].mean(0)).mean()) or 1e-12
    return np.sqrt((squares + OVERALL * overall) / (freedom + OVERALL)) + 1e-9
