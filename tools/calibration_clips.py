"""Measures how many validation clips a calibration needs, for --pseudo.min-calibration-clips.

    python tools/calibration_clips.py

A made-up teacher of seven classes is overconfident by a known temperature. It is calibrated on n clips, and
its expected calibration error is measured on 50,000 other clips. The table shows the mean error over 60
draws, and how often the error was greater than without calibration. One to five minutes.
"""

from __future__ import annotations

import numpy as np
from program import NoOptions, run

from vidfer.infer.predict import Predictions
from vidfer.learn.calibration import at_temperature, calibration_error, fit_temperature
from vidfer.percent import percent

CLASSES, DRAWS, TEST_CLIPS = 7, 60, 50_000
SPREADS = (1.5, 3.0)
"""Standard deviations of the true logits. They give accuracies of about 50 and 70 %."""
OVERCONFIDENCE = (1.0, 1.25, 1.5, 2.0)
"""The factor on the teacher's logits; 1 is a calibrated teacher."""
CLIPS = (10, 25, 50, 100, 200, 400)


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def draw_clips(n: int, spread: float, factor: float, rng: np.random.Generator) -> Predictions:
    """Draws n clips with classes from the true distribution, and the teacher's predictions of them."""
    logits = rng.normal(0, spread, (n, CLASSES))
    labels = (softmax(logits).cumsum(axis=1) > rng.random((n, 1))).argmax(axis=1)
    predicted = softmax(factor * logits).astype(np.float32)
    return Predictions(np.arange(n), predicted, labels, np.ones(n, dtype=bool))


def main() -> None:
    rng = np.random.default_rng(0)
    print("| accuracy | overconfident by | not calibrated |", " | ".join(f"{n} clips" for n in CLIPS), "|")
    print("|---" * (3 + len(CLIPS)) + "|")
    for spread in SPREADS:
        for factor in OVERCONFIDENCE:
            test = draw_clips(TEST_CLIPS, spread, factor, rng)
            accuracy = (test.probabilities.argmax(axis=1) == test.labels).mean()
            without, cells = calibration_error(test), []
            for n in CLIPS:
                temperatures = [fit_temperature(draw_clips(n, spread, factor, rng)) for _ in range(DRAWS)]
                errors = np.array([calibration_error(at_temperature(test, t)) for t in temperatures])
                cells.append(f"{percent(errors.mean(), 1)} ({percent((errors > without).mean())} worse)")
            print(
                f"| {percent(accuracy)} | {factor} | {percent(without, 1)} |",
                " | ".join(cells),
                "|",
                flush=True,
            )


if __name__ == "__main__":
    run(main, NoOptions, __doc__)
