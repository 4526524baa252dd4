"""How often vidfer tells that the faces of a film are not upright, and how often it is wrong.

    python tools/measure_upright.py films/ pictures/

The faces in all inputs must be upright. A sample of the frames of each is looked at as it is, and turned by
90, 180 and 270 degrees. Inputs in which no face is found when they are upright are counted apart.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import tyro
from counts import check_counts
from program import run
from tables import markdown, percent

from vidfer.clips.inputs import find_inputs
from vidfer.crops.decode.unreadable_video import UnreadableVideo
from vidfer.crops.decode.video import read_chunks
from vidfer.crops.detect.face_detector import FaceDetector
from vidfer.crops.detect.upright import FrameSample, rotation_to_upright
from vidfer.crops.settings import CropSettings
from vidfer.evaluate.intervals import wilson_interval

ROTATIONS = (0, 90, 180, 270)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Which films and pictures."""

    inputs: tyro.conf.Positional[tuple[str, ...]]
    """Videos, pictures, folders, or patterns."""
    most: int = 1000
    """So many inputs are taken, at random."""

    def __post_init__(self) -> None:
        check_counts(self, "most")


def sample_of(path: Path) -> list[np.ndarray]:
    """Some frames of a film; none if nothing of it can be read."""
    sample = FrameSample()
    with suppress(UnreadableVideo):  # the frames before a fault are there
        for chunk in read_chunks(path):
            sample.add(chunk.images)
    return sample.images


def main(settings: Settings) -> None:
    torch.set_num_threads(1)
    clips = find_inputs(settings.inputs)
    chosen = np.random.default_rng(0).permutation(len(clips))[: settings.most]
    detector = FaceDetector("cpu", CropSettings())
    answers: dict[int, Counter[int]] = {rotation: Counter() for rotation in ROTATIONS}
    n_read = n_faces = 0
    for place in chosen:
        images = sample_of(clips[place].path)
        n_read += bool(images)
        if not any(len(faces) for faces in detector.detect(images)):
            continue
        n_faces += 1
        for rotation in ROTATIONS:
            turned = [np.ascontiguousarray(np.rot90(image, rotation // 90)) for image in images]
            answers[rotation][rotation_to_upright(detector, turned)] += 1
    print(f"{len(chosen):,} inputs, {n_read:,} can be read, {n_faces:,} of them show a face\n")
    lines = []
    for rotation, found in answers.items():
        others = n_faces - found[rotation] - (found[0] if rotation else 0)
        right = percent(wilson_interval(found[rotation], n_faces)) if n_faces else ""
        lines.append((f"{rotation}°", right, str(found[0] if rotation else 0), str(others)))
    print(markdown(("must be turned by", "is told", "nothing is told", "another turn is told"), lines))


if __name__ == "__main__":
    run(main, Settings, __doc__)
