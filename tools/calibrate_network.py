"""Counts how often a trained network is right at each confidence, and writes it into its checkpoint.

    python tools/calibrate_network.py --checkpoint vidfer/zoo/basic7 --caches whole.h5 aligned.h5 \\
        --checks images.h5 clips.h5

`--caches` hold the clips that chose the checkpoint (their split `val`); the recipes do the same at the end of
an epoch. `--checks` are other people, all their labelled clips: they are reported and choose nothing. The
weights and the hash of the checkpoint stay as they are.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from counts import check_counts
from program import run
from tables import markdown, percent

from vidfer.data.dataset import ClipDataset
from vidfer.data.loader import build_loader
from vidfer.errors import DataError
from vidfer.evaluate.intervals import wilson_interval
from vidfer.files import write_text
from vidfer.included import checkpoint_folder
from vidfer.infer.iterate import iterate_batches
from vidfer.infer.predict import Predictions, predict
from vidfer.infer.selective import WANTED, Calibration, at_temperature, choose_threshold, count_answers
from vidfer.learn.calibration import calibration_error, measure_calibration
from vidfer.models.checkpoint import CONFIG, load_checkpoint
from vidfer.models.recogniser import Recogniser
from vidfer.store.reader import CropCache


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Which network, and what it is measured on."""

    checkpoint: Path
    """The run folder, or a checkpoint in it."""
    caches: tuple[Path, ...]
    """Caches with validation clips."""
    split: str = "val"
    """The split of these clips."""
    frames: int = 1
    """Evenly spaced frames of each validation clip."""
    checks: tuple[Path, ...] = ()
    """Caches of other people, of which all labelled clips are reported."""
    check_frames: int = 16
    """Evenly spaced frames of each of their clips."""

    def __post_init__(self) -> None:
        check_counts(self, "frames", "check_frames")


def predictions(model: Recogniser, path: Path, split: str | None, n_frames: int) -> Predictions:
    """What the network says about the clips of a cache that show one of its classes.

    Raises:
        DataError: there is none.
    """
    cache, classes = CropCache(path), {name: number for number, name in enumerate(model.classes)}
    chosen = [
        (number, classes[clip.label])
        for number, clip in enumerate(cache.clips)
        if split in (None, clip.split) and clip.label in classes
    ]
    if not chosen:
        where = f"split {split} of {path}" if split else f"{path}"
        raise DataError(f"{where} has no clip of {', '.join(classes)}; name another cache or --split")
    clips, labels = zip(*chosen)
    shown = ClipDataset(path, clips, labels, n_frames=n_frames, regions=model.settings.encoder.regions)
    return predict(model, iterate_batches(build_loader(shown, 64), "cpu"))


def answers(calibration: Calibration, threshold: float, found: Predictions) -> list[str]:
    """Cells: clips, the share that is answered, and right answers with and without it, as shares."""
    shown = at_temperature(found.probabilities, calibration.temperature)
    right = shown.argmax(1) == found.labels
    (answered, every), (correct, among) = count_answers(shown.max(1), right, found.has_face, (threshold, 0.0))
    kept = percent(wilson_interval(correct, answered)) if answered else "none"
    return [
        f"{len(right):,}",
        percent(wilson_interval(answered, len(right))),
        kept,
        percent(wilson_interval(among, every)),
    ]


def by_label(
    calibration: Calibration, threshold: float, found: Predictions, classes: Sequence[str]
) -> list[list[str]]:
    """A row for each label: clips that show it, how often it is the answer, how often this is right."""
    shown = at_temperature(found.probabilities, calibration.temperature)
    is_answer = (shown.max(1) >= threshold) & found.has_face
    rows = []
    for number, name in enumerate(classes):
        said = is_answer & (shown.argmax(1) == number)
        is_shown = found.labels == number
        said_n, right_n = int(said.sum()), int((said & is_shown).sum())
        kept = percent(wilson_interval(right_n, said_n)) if said_n else "none"
        rows.append([name, f"{int(is_shown.sum()):,}", f"{said_n:,}", kept])
    return rows


def write_calibration(folder: Path, calibration: Calibration) -> None:
    """Put it into the ``info`` of a checkpoint and leave all else as it is."""
    config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    config["info"]["calibration"] = calibration.record()
    write_text(folder / CONFIG, json.dumps(config, indent=2) + "\n")


def report(calibration: Calibration, parts: Sequence[Predictions]) -> list[str]:
    """The table of the validation clips, and what the temperature does to the calibration error."""
    rows = []
    for place, threshold in enumerate(calibration.thresholds):
        answered, right = calibration.answered[place], calibration.right[place]
        share = percent(wilson_interval(answered, calibration.clips))
        kept = percent(wilson_interval(right, answered)) if answered else "none"
        rows.append([f"{threshold:g}", share, kept])
    before = ", ".join(f"{100 * calibration_error(part):.1f} %" for part in parts)
    return [
        f"temperature {calibration.temperature:.3f}; expected calibration error before it: {before}",
        markdown(("threshold", "answered", "right among the answers"), rows),
    ]


@torch.no_grad()
def main(settings: Settings) -> None:
    """Measure, write, report."""
    folder = checkpoint_folder(settings.checkpoint)
    model, _ = load_checkpoint(folder)
    parts = [predictions(model, path, settings.split, settings.frames) for path in settings.caches]
    calibration = measure_calibration(parts)
    if calibration is None:
        raise DataError("there are too few validation clips for a calibration; name further --caches")
    write_calibration(folder, calibration)
    threshold, words = choose_threshold(calibration, WANTED)
    print(words, *report(calibration, parts), sep="\n\n")
    rows = [[p.name, *answers(calibration, threshold, part)] for p, part in zip(settings.caches, parts)]
    labels = {}
    for path in settings.checks:
        found = predictions(model, path, None, settings.check_frames)
        rows.append([path.name, *answers(calibration, threshold, found)])
        labels[path.name] = by_label(calibration, threshold, found, model.classes)
    head = (
        "cache",
        "clips",
        f"answered at {threshold:g}",
        "right among the answers",
        "right if all are answered",
    )
    print("\n" + markdown(head, rows))
    for name, counted in labels.items():
        head = ("label", "clips that show it", f"answers at {threshold:g}", "right among these")
        print(f"\n{name}\n\n{markdown(head, counted)}")


if __name__ == "__main__":
    run(main, Settings, __doc__)
