"""Examples as numbers: what each network gives for each piece of each example."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

BACKGROUND = -1
"""The label of a background example."""


@dataclass(frozen=True)
class EmbeddedExamples:
    """E examples in W pieces."""

    features: Mapping[str, np.ndarray]
    """Name of a feature, such as ``basic7:vector`` -> float32 (W, C)."""
    owner: np.ndarray
    """(W,) the example of each piece, rising from 0; each example has at least one."""
    labels: np.ndarray
    """(E,) number of the class of each example, or :data:`BACKGROUND`."""
    groups: np.ndarray
    """(E,) examples of one number are left out together."""
    n_classes: int

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def weights(self) -> np.ndarray:
        """(W,) of each piece; those of an example add up to 1."""
        return 1 / np.bincount(self.owner, minlength=len(self))[self.owner]

    @cached_property
    def means(self) -> Mapping[str, np.ndarray]:
        """Name of a feature -> float64 (E, C): its mean over the pieces of each example."""
        means = {}
        for name, pieces in self.features.items():
            sums = np.zeros((len(self), pieces.shape[1]))
            np.add.at(sums, self.owner, pieces)
            means[name] = sums / np.bincount(self.owner, minlength=len(self))[:, None]
        return means

    def pieces_of(self, examples: np.ndarray) -> np.ndarray:
        """(W,) bool: which pieces belong to the examples that a mask (E,) marks."""
        return examples[self.owner]
