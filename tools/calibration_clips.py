"""How many validation clips one temperature needs: what --pseudo.min-calibration-clips rests on.

A made-up teacher of seven classes is too sure by a known temperature. It is calibrated on n clips and
measured (expected calibration error) on 50,000 others; the mean over 60 draws is printed, and how often it
was worse than without calibration. `python tools/calibration_clips.py` takes one to five minutes.
"""

from __future__ import annotations

import numpy as np

from vidfer.infer.predict import Predictions
from vidfer.learn.calibration import at_temperature, calibration_error, fit_temperature

CLASSES, DRAWS, TEST_CLIPS = 7, 60, 50_000
SPREADS = (1.5, 3.0)
"""Standard deviation of the true logits: accuracies of about 50 and 70 %."""
TOO_SURE = (1.0, 1.25, 1.5, 2.0)
CLIPS = (10, 25, 50, 100, 200, 400)


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def draw(n: int, spread: float, too_sure: float, rng: np.random.Generator) -> Predictions:
    """Clips whose class is drawn from the true distribution, and what the teacher says of them."""
    logits = rng.normal(0, spread, (n, CLASSES))
    labels = (softmax(logits).cumsum(axis=1) > rng.random((n, 1))).argmax(axis=1)
    said = softmax(too_sure * logits).astype(np.float32)
    return Predictions(np.arange(n), said, labels, np.ones(n, dtype=bool))


def main() -> None:
    rng = np.random.default_rng(0)
    print("| accuracy | too sure by | without |", " | ".join(f"{n} clips" for n in CLIPS), "|")
    print("|---" * (3 + len(CLIPS)) + "|")
    for spread in SPREADS:
        for too_sure in TOO_SURE:
            test = draw(TEST_CLIPS, spread, too_sure, rng)
            accuracy = (test.probabilities.argmax(axis=1) == test.labels).mean()
            without, cells = calibration_error(test), []
            for n in CLIPS:
                temperatures = [fit_temperature(draw(n, spread, too_sure, rng)) for _ in range(DRAWS)]
                errors = np.array([calibration_error(at_temperature(test, t)) for t in temperatures])
                cells.append(f"{errors.mean():.1%} ({(errors > without).mean():.0%} worse)")
            print(f"| {accuracy:.0%} | {too_sure} | {without:.1%} |", " | ".join(cells), "|", flush=True)


if __name__ == "__main__":
    main()
