"""Own expressions as a classifier of windows of face crops."""

from __future__ import annotations

import numpy as np

from vidfer.crops import REGIONS
from vidfer.infer.support.in_words import expected_in_words
from vidfer.infer.support.learn_support import Support
from vidfer.infer.support.settings import NONE_OF_THESE

KIND = "own expressions"
THRESHOLD = 0.5
"""Below this probability no label is told: nothing is more probable than all the rest."""


class SupportClassifier:
    """A :class:`vidfer.infer.classifier.Classifier` of own expressions; the last of its classes is
    :data:`vidfer.infer.support.settings.NONE_OF_THESE`."""

    def __init__(self, support: Support, found_hash: str = "", name: str = "") -> None:
        """``found_hash``: of the file of own expressions. ``name``: what the user calls them."""
        self.support = support
        self.classes = (*support.classes, NONE_OF_THESE)
        seen = {region for part in support.parts for region in part.regions}
        self.regions = tuple(region for region in REGIONS if region in seen)
        self.crop_px = support.crop_px
        self.about = {
            "name": name or " ".join(support.classes),
            "kind": KIND,
            "hash": found_hash,
            "classes": list(self.classes),
            "threshold": THRESHOLD,
            "threshold_says": expected_in_words(support.classes, support.expected),
            "networks": {part.name: part.hash for part in support.parts},
            "head": str(support.head.candidate),
            "expected": support.expected,
        }

    def probabilities(self, crops: np.ndarray, frame_mask: np.ndarray) -> np.ndarray:
        """The probability of each expression, and of none of these, in B windows of T frames.

        Args:
            crops: uint8 (B, T, 3, 3, S, S) RGB: face, eyes and mouth.
            frame_mask: bool (B, T), False where there is no face; each window has at least one.

        Returns:
            float32 (B, N + 1). Each network sees each window once.
        """
        features = {}
        for part in self.support.parts:
            features |= part.features(crops, frame_mask)
        return self.support.head.probabilities(features).astype(np.float32)
