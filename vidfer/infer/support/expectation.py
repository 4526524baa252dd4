"""Says what can be expected of own expressions, measured on examples that the head did not know."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from vidfer.infer.support.candidates import Candidate, Typical
from vidfer.infer.support.embedded import BACKGROUND, EmbeddedExamples
from vidfer.infer.support.learn_head import learn_head
from vidfer.infer.support.leave_out import OUTER, example_scores, measurable, parts_of
from vidfer.percent import percent
from vidfer.wilson import wilson_bounds

FEW = 3
"""A class with fewer examples needs more."""


@dataclass(frozen=True)
class Share:
    """k of n, with its 95 % interval (Wilson)."""

    right: int
    n: int

    def __str__(self) -> str:
        if not self.n:
            return "not measured"
        low, high = wilson_bounds(self.right, self.n)
        return f"{self.right} of {self.n}, {percent(self.right / self.n)} [{100 * low:.0f}, {100 * high:.0f}]"


@dataclass(frozen=True)
class Contradiction:
    """An example that looks more like another class than like its own, to a head that did not know it."""

    example: int
    label: int
    looks_like: int
    probability: float


@dataclass(frozen=True)
class Expectation:
    """What a head that is learned from these examples does with others like them."""

    recognised: Share
    """Examples whose class got the highest probability of all classes."""
    found: Share
    """The same, with none of these as a possible answer."""
    false_alarms: Share
    """Background examples that were taken for one of the classes."""
    of_class: tuple[Share, ...]
    """:attr:`recognised` of each class."""
    counts: tuple[int, ...]
    """Examples of each class."""
    n_background: int
    contradictions: tuple[Contradiction, ...]

    @property
    def chance(self) -> float:
        """The share that guessing recognises."""
        return 1 / len(self.counts)

    @property
    def is_above_chance(self) -> bool:
        """Whether the whole interval of what was recognised is above chance."""
        n = self.recognised.n
        return bool(n) and wilson_bounds(self.recognised.right, n)[0] > self.chance

    def record(self) -> dict:
        """As JSON; without the examples, whose names are nobody's business."""
        values = json.loads(json.dumps(asdict(self)))
        return values | {"contradictions": len(self.contradictions)}


def expect(candidates: Sequence[Candidate], examples: EmbeddedExamples, typical: Typical) -> Expectation:
    """Measure the whole procedure by nested leave-one-out.

    Each group of examples is left out once. Head and features are chosen, fitted and calibrated on the others
    alone, so that no choice has seen the examples that it is measured on. With more than 40 groups, 40 parts
    are left out.
    """
    used = np.ones(len(examples), dtype=bool)
    measured, labels = measurable(examples, used), examples.labels
    chances = np.full((len(examples.owner), examples.n_classes + 1), np.nan)
    for part in parts_of(examples, used, OUTER):
        rest = used & ~part
        if (labels[rest] != BACKGROUND).any() and (part & (measured | (labels == BACKGROUND))).any():
            pieces = examples.pieces_of(part)
            features = {name: values[pieces] for name, values in examples.features.items()}
            chances[pieces] = learn_head(candidates, examples, rest, typical).probabilities(features)
    means = example_scores(examples, chances)
    closed = np.where(np.isnan(means[:, :-1]), -1, means[:, :-1]).argmax(1)
    answers = np.where(np.isnan(means), -1, means).argmax(1)
    background = (labels == BACKGROUND) & ~np.isnan(means).any(1)
    right = measured & (closed == labels)
    wrong = np.flatnonzero(measured & (closed != labels))
    return Expectation(
        recognised=Share(int(right.sum()), int(measured.sum())),
        found=Share(int((measured & (answers == labels)).sum()), int(measured.sum())),
        false_alarms=Share(int((answers[background] != examples.n_classes).sum()), int(background.sum())),
        of_class=tuple(
            Share(int(right[labels == label].sum()), int(measured[labels == label].sum()))
            for label in range(examples.n_classes)
        ),
        counts=tuple(int((labels == label).sum()) for label in range(examples.n_classes)),
        n_background=int((labels == BACKGROUND).sum()),
        contradictions=tuple(
            Contradiction(int(i), int(labels[i]), int(closed[i]), float(means[i, closed[i]])) for i in wrong
        ),
    )
