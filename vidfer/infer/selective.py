"""When a network answers, and when it says that it is unsure.

A network that may stay silent is right more often when it speaks. This is selective classification (Geifman
and El-Yaniv 2017, arXiv 1705.08500): it answers where its highest probability, its confidence, reaches a
threshold. The lower the threshold, the more answers, and the more of them are wrong. A checkpoint keeps how
many, counted on its validation clips.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields

import numpy as np

from vidfer.errors import CheckpointError
from vidfer.percent import percent

WANTED = 0.8
"""Four of five answers shall be right."""
PLAIN_THRESHOLD = 0.5
"""Without a calibration: one expression is more probable than all others together."""
MIN_ANSWERS = 20
"""A row of the table with fewer answers says too little."""
GRID = tuple(round(0.05 * step, 2) for step in range(20))
"""The thresholds of the table."""
LEAST_PROBABILITY = 1e-12


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """How far a network's confidence can be trusted, from clips that it was not trained on."""

    temperature: float
    """Probabilities become softmax(log p / temperature); above 1 for a network that is too sure of itself."""
    clips: int
    """Labelled validation clips, also those without a face, which are never answered."""
    thresholds: tuple[float, ...]
    """Rising; of the highest probability after the temperature."""
    answered: tuple[int, ...]
    """How many of the clips are answered at each threshold."""
    right: tuple[int, ...]
    """How many of these answers are right."""

    def __post_init__(self) -> None:
        counts = list(zip(self.answered, self.right, strict=True))
        if not (
            math.isfinite(self.temperature) and self.temperature > 0 and len(counts) == len(self.thresholds)
        ):
            raise ValueError("a calibration needs a temperature above 0 and two counts for each threshold")
        if not all(0 <= right <= answered <= self.clips for answered, right in counts):
            raise ValueError("a calibration has more right answers than answers, or more answers than clips")
        if any(after <= before for before, after in zip(self.thresholds, self.thresholds[1:])):
            raise ValueError("the thresholds of a calibration do not rise")

    def accuracy(self, place: int) -> float:
        """The share of the answers at a threshold that are right, by its place; NaN without an answer."""
        return self.right[place] / self.answered[place] if self.answered[place] else math.nan

    def threshold_for(self, accuracy: float = WANTED) -> float | None:
        """The lowest threshold from which on at least this share (0..1) of the answers is right.

        None if there is none, or too few answers to tell.
        """
        places = self._telling()
        good = None
        for place in reversed(places):
            if self.accuracy(place) < accuracy:
                break
            good = self.thresholds[place]
        return good

    def best_threshold(self) -> float | None:
        """The threshold at which the largest share of the answers is right; None if there are too few."""
        places = self._telling()
        return self.thresholds[max(places, key=self.accuracy)] if places else None

    def _telling(self) -> list[int]:
        return [place for place, answered in enumerate(self.answered) if answered >= MIN_ANSWERS]

    def at(self, threshold: float) -> str:
        """In words, what the validation clips say about a threshold of the table."""
        place = self.thresholds.index(threshold)
        return (
            f"at {threshold:g} it answers {percent(self.answered[place] / self.clips)} of {self.clips:,} "
            f"validation clips, and {percent(self.accuracy(place))} of these answers are right"
        )

    def record(self) -> dict:
        """As plain JSON data, for the ``info`` of a checkpoint."""
        return {name: list(v) if isinstance(v, tuple) else v for name, v in asdict(self).items()}


def read_calibration(info: Mapping, where: object) -> Calibration | None:
    """The calibration in the ``info`` of a checkpoint; None if it has none.

    Args:
        info: of the checkpoint.
        where: its folder or file, for the message.

    Raises:
        CheckpointError: the calibration is damaged.
    """
    record = info.get("calibration")
    if record is None:
        return None
    try:
        found = {one.name: record[one.name] for one in fields(Calibration)}
        numbers = {name: tuple(v) if isinstance(v, list) else v for name, v in found.items()}
        for value in (numbers["answered"], numbers["right"], (numbers["clips"],)):
            if not all(type(number) is int for number in value):
                raise ValueError("a count is no whole number")
        return Calibration(**numbers | {"thresholds": tuple(map(float, numbers["thresholds"]))})
    except (TypeError, KeyError, ValueError, AttributeError, OverflowError) as error:
        raise CheckpointError(
            f"the calibration in {where} is damaged ({error}); copy the whole checkpoint again"
        ) from error


def choose_threshold(calibration: Calibration | None, wanted: float = WANTED) -> tuple[float, str]:
    """The confidence (0..1) from which on a network answers, and a sentence about it.

    Args:
        calibration: of the network; None if it has none.
        wanted: the share of the answers that shall be right.
    """
    if calibration is None or (best := calibration.best_threshold()) is None:
        return PLAIN_THRESHOLD, (
            "not calibrated (too few validation clips, or trained by an earlier vidfer); it answers where "
            f"one expression is more probable than all others together ({PLAIN_THRESHOLD:g})"
        )
    threshold = calibration.threshold_for(wanted)
    if threshold is None:
        return best, f"{percent(wanted)} right answers are never reached; {calibration.at(best)}"
    return threshold, calibration.at(threshold)


def about_network(
    name: str,
    kind: str,
    found_hash: str,
    classes: Sequence[str],
    calibration: Calibration | None,
    accuracy: float,
) -> dict:
    """What a :class:`vidfer.infer.classifier.Classifier` tells about a network, with the threshold for a
    wanted accuracy (0..1)."""
    threshold, why = choose_threshold(calibration, accuracy)
    return {
        "name": name,
        "kind": kind,
        "hash": found_hash,
        "classes": list(classes),
        "threshold": threshold,
        "threshold_says": why,
        "calibrated": calibration is not None,
    }


def at_temperature(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Probabilities (..., C) as softmax(log p / temperature), float32; their order stays the same."""
    logits = np.log(np.maximum(probabilities.astype(np.float64), LEAST_PROBABILITY)) / temperature
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return (powers / powers.sum(axis=-1, keepdims=True)).astype(np.float32)


def count_answers(
    confidence: np.ndarray, right: np.ndarray, seen: np.ndarray, thresholds: Sequence[float] = GRID
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """How many of M clips are answered at each threshold, and how many of these answers are right.

    Args:
        confidence: (M,) the highest probability of each clip.
        right: (M,) bool.
        seen: (M,) bool, whether a face is seen; without one there is no answer.
        thresholds: of the confidence.
    """
    answered = [seen & (confidence >= threshold) for threshold in thresholds]
    return tuple(int(a.sum()) for a in answered), tuple(int((a & right).sum()) for a in answered)
