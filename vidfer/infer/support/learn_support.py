"""From examples of own expressions to something that recognises them, without training."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vidfer.clips.clip import Clip
from vidfer.crops.detect.face_detector import FaceDetector
from vidfer.crops.settings import CropSettings
from vidfer.errors import DataError
from vidfer.infer.support.candidates import candidates_of
from vidfer.infer.support.embedded import EmbeddedExamples
from vidfer.infer.support.encoder_parts import EncoderPart, open_parts
from vidfer.infer.support.examples import Examples, Given, find_examples
from vidfer.infer.support.expectation import Expectation, expect
from vidfer.infer.support.learn_head import LearnedHead, learn_head
from vidfer.infer.support.pieces import read_pieces
from vidfer.infer.support.settings import SupportSettings

TOGETHER = 64
"""So many faces, of several examples, are collected before the networks see them."""
LEFT_OUT = "left out: "
"""Before the reason, in a note about an example that cannot be used."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Support:
    """Own expressions that were learned."""

    classes: tuple[str, ...]
    """The own expressions, without :data:`vidfer.infer.support.settings.NONE_OF_THESE`."""
    head: LearnedHead
    parts: tuple[EncoderPart, ...]
    """The networks whose features the head compares."""
    crop_px: int
    """Side of the crops that it was learned on."""
    settings: SupportSettings
    expected: dict
    """What can be expected, see :class:`vidfer.infer.support.expectation.Expectation`."""


@dataclass(frozen=True)
class Learned:
    """What learning found out."""

    support: Support
    expectation: Expectation
    clips: tuple[Clip, ...]
    """The examples that were used."""
    left_by: str
    """What was left out together: ``person``, ``video`` or ``example``."""
    notes: tuple[str, ...]
    """What the user should know about the examples, a sentence each."""


def learn_support(
    given: Path | str | Given,
    settings: SupportSettings | None = None,
    *,
    device: str = "cpu",
    progress: Progress | None = None,
) -> Learned:
    """Learn own expressions from a few examples of each.

    Args:
        given: see :func:`vidfer.infer.support.examples.find_examples`.
        settings: the networks on offer, and how examples are cut into pieces.
        device: where the networks and the face detector run.
        progress: called with the number of examples read, and of all.

    Raises:
        DataError: examples are missing or contradict each other, see ``find_examples``; or no example of an
            expression shows a face.
        SettingError, CheckpointError: a network cannot be used.
    """
    settings = settings or SupportSettings()
    found = find_examples(given, settings.background)
    parts = open_parts(settings.encoders, device)
    examples, used, notes = embed_examples(found, parts, settings, device, progress)
    clips = tuple(found.clips[i] for i in used)
    groups, left_by = groups_of(clips)
    examples = EmbeddedExamples(*examples, groups, len(found.classes))
    typical = {name: t for part in parts for name, t in part.typical.items()}
    candidates = candidates_of(list(examples.features))
    expectation = expect(candidates, examples, typical)
    head = learn_head(candidates, examples, np.ones(len(examples), bool), typical)
    needed = [part for part in parts if any(name.startswith(f"{part.name}:") for name in head.candidate.view)]
    crop_px = max(part.crop_px for part in parts)
    support = Support(found.classes, head, tuple(needed), crop_px, settings, expectation.record())
    return Learned(support, expectation, clips, left_by, (*found.notes, *notes))


def embed_examples(
    found: Examples,
    parts: Sequence[EncoderPart],
    settings: SupportSettings,
    device: str = "cpu",
    progress: Progress | None = None,
) -> tuple[tuple[dict[str, np.ndarray], np.ndarray, np.ndarray], list[int], list[str]]:
    """Features, owner and labels of :class:`EmbeddedExamples`; the examples that have a face; and notes.

    Raises:
        DataError: no example of a class can be used.
    """
    crops = CropSettings(size_px=max(part.crop_px for part in parts))
    detector = FaceDetector(device, crops)
    waiting: list[tuple[np.ndarray, np.ndarray]] = []
    features: dict[str, list[np.ndarray]] = {}
    owner: list[int] = []
    used, notes, lost = [], [], {}
    labels = found.labels()
    for i, clip in enumerate(found.clips):
        try:
            images, mask, note = read_pieces(clip, detector, crops, settings)
        except DataError as error:
            notes.append(f"{LEFT_OUT}{error}")
            lost.setdefault(labels[i], str(error))
        else:
            waiting.append((images, mask))
            owner += [len(used)] * len(images)
            used.append(i)
            notes += [note] if note else []
        if waiting and (sum(mask.size for _, mask in waiting) >= TOGETHER or i + 1 == len(found.clips)):
            for part in parts:
                for name, values in part.features(*_padded(waiting)).items():
                    features.setdefault(name, []).append(values)
            waiting = []
        if progress is not None:
            progress(i + 1, len(found.clips))
    for label, name in enumerate(found.classes):
        if label not in {labels[i] for i in used}:
            raise DataError(f"no example of '{name}' can be used: {lost[label]}; give it another example")
    joined = {name: np.concatenate(values) for name, values in features.items()}
    return (joined, np.array(owner), np.array([labels[i] for i in used])), used, notes


def _padded(waiting: Sequence[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """Crops and masks of several examples in one batch; frames that are not there have no influence."""
    n_frames = max(mask.shape[1] for _, mask in waiting)
    crops = [
        np.pad(images, [(0, 0), (0, n_frames - images.shape[1])] + [(0, 0)] * 4) for images, _ in waiting
    ]
    masks = [np.pad(mask, [(0, 0), (0, n_frames - mask.shape[1])]) for _, mask in waiting]
    return np.concatenate(crops), np.concatenate(masks)


def groups_of(clips: Sequence[Clip]) -> tuple[np.ndarray, str]:
    """What is left out together (E,), and its name.

    It is the person where all examples name one, else the video, else the single example; the first of these
    that leaves of each class with several examples at least one.
    """
    ways = {
        "person": [clip.subject for clip in clips],
        "video": [str(clip.path) for clip in clips],
        "example": [str(i) for i in range(len(clips))],
    }
    left_by = next(name for name, keys in ways.items() if _leaves_some(clips, keys))
    keys = ways[left_by]
    numbers = {key: i for i, key in enumerate(dict.fromkeys(keys))}
    return np.array([numbers[key] for key in keys]), left_by


def _leaves_some(clips: Sequence[Clip], keys: Sequence[object]) -> bool:
    """Whether all keys are known, and leaving out those of one key leaves of each class with several examples
    at least one."""
    of_class: dict[str, list[object]] = {}
    for clip, key in zip(clips, keys):
        if clip.label is not None:
            of_class.setdefault(clip.label, []).append(key)
    return None not in keys and all(len(own) == 1 or len(set(own)) > 1 for own in of_class.values())
