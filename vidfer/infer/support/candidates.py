"""Head and features that may be chosen together, and one of them fitted to examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from vidfer.infer.support.embedded import EmbeddedExamples
from vidfer.infer.support.heads import HEADS, State, fit_head, scores_of
from vidfer.infer.support.standardise import Standardised, fit_standardised, joined
from vidfer.infer.support.typical_faces import TypicalFaces

Typical = Mapping[str, TypicalFaces]


@dataclass(frozen=True)
class Candidate:
    """A head, and the features that it compares."""

    head: str
    view: tuple[str, ...]

    def __str__(self) -> str:
        return f"{HEADS[self.head]} on {' and '.join(self.view)}"


@dataclass(frozen=True)
class Fitted:
    """A head that knows the examples."""

    view: tuple[str, ...]
    standardised: Standardised
    state: State
    present: np.ndarray
    """The numbers of the classes of which it knows an example, rising."""
    n_classes: int

    def scores(self, features: Mapping[str, np.ndarray]) -> np.ndarray:
        """Scores (M, N) of pieces; -inf for a class that it does not know."""
        found = np.full((len(features[self.view[0]]), self.n_classes), -np.inf)
        found[:, self.present] = scores_of(self.state, self.standardised(joined(features, self.view)))
        return found


def candidates_of(features: Sequence[str]) -> list[Candidate]:
    """All candidates, the one first that is taken unless the examples speak for another.

    Vectors of all networks together come first: on images and drawn people they are never far from the best.
    """
    vectors = tuple(name for name in features if name.endswith(":vector"))
    views = dict.fromkeys([vectors, *((name,) for name in features)])
    return [Candidate(head, view) for view in views for head in HEADS]


def fit(candidate: Candidate, examples: EmbeddedExamples, used: np.ndarray, typical: Typical) -> Fitted:
    """Fit a candidate to the examples that a mask (E,) marks; at least one of them is of a class."""
    standardised = fit_standardised(examples, candidate.view, used, typical)
    means = np.concatenate([examples.means[name] for name in candidate.view], axis=1)[used]
    labels = examples.labels[used]
    present = np.unique(labels[labels >= 0])
    place = np.where(labels >= 0, np.searchsorted(present, labels), -1)
    state = fit_head(candidate.head, standardised(means), place, len(present))
    return Fitted(candidate.view, standardised, state, present, examples.n_classes)
