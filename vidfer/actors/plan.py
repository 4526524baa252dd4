"""Plans a data set of actors: which subject shows which expression in which split."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vidfer.actors.settings import ActorSettings

FOLDERS = {"train": "Train_AFEW", "val": "Val_AFEW", "test": "Test_AFEW", "unlabelled": "Unlabelled_AFEW"}
"""AFEW's folder of each split."""


@dataclass(frozen=True, kw_only=True)
class PlannedClip:
    """A clip to draw."""

    id: str
    """Path of the video relative to the root; the source ``afew`` gives the clip the same id."""
    subject: str
    label: str
    split: str
    n_frames: int
    identity_seed: tuple[int, int]
    clip_seed: int

    @property
    def stem(self) -> str:
        """The name of the file without folder and suffix; no two clips have the same."""
        return self.id.rsplit("/", 1)[-1].rsplit(".", 1)[0]


def plan_clips(settings: ActorSettings) -> list[PlannedClip]:
    """Lists all clips of a data set. Each subject is in one split only."""
    rng = np.random.default_rng([settings.seed, 0])
    clips: list[PlannedClip] = []
    first_subject = 0
    for split in FOLDERS:
        n_subjects = getattr(settings, f"{split}_subjects")
        labels = _labels(settings, split, rng)
        # The subjects take turns, so each of them shows nearly the same share of each expression.
        order = rng.permutation(n_subjects) if n_subjects else np.zeros(0, int)
        for position, label in enumerate(labels):
            subject = first_subject + int(order[position % n_subjects])
            clips.append(_planned_clip(settings, split, label, subject, len(clips)))
        first_subject += n_subjects
    return clips


def _labels(settings: ActorSettings, split: str, rng: np.random.Generator) -> list[str]:
    if split == "unlabelled":
        return _unlabelled_labels(settings, rng)
    labels = [label for label in settings.base_labels for _ in range(getattr(settings, f"{split}_per_class"))]
    if split == "test":
        labels += [label for label in settings.novel_labels for _ in range(settings.novel_per_class)]
    return labels


def _unlabelled_labels(settings: ActorSettings, rng: np.random.Generator) -> list[str]:
    """Base expressions, the most frequent one six times as often as the rarest, and some novel ones."""
    n_novel = round(settings.unlabelled * settings.unlabelled_novel_share)
    share = np.geomspace(1, 1 / 6, len(settings.base_labels))
    rng.shuffle(share)
    counts = _round_to_total(share / share.sum(), settings.unlabelled - n_novel)
    labels = [label for label, count in zip(settings.base_labels, counts) for _ in range(count)]
    labels += [settings.novel_labels[n % len(settings.novel_labels)] for n in range(n_novel)]
    return [labels[n] for n in rng.permutation(len(labels))]


def _round_to_total(shares: np.ndarray, total: int) -> np.ndarray:
    exact = shares * total
    counts = np.floor(exact).astype(int)
    counts[np.argsort(-(exact - counts), kind="stable")[: total - counts.sum()]] += 1
    return counts


def _planned_clip(settings: ActorSettings, split: str, label: str, subject: int, number: int) -> PlannedClip:
    rng = np.random.default_rng([settings.seed, 1, number])
    duration_s = rng.uniform(settings.min_duration_s, settings.max_duration_s)
    low, high = (round(s * settings.fps) for s in (settings.min_duration_s, settings.max_duration_s))
    name = f"{number:09d}.avi"
    folder = "" if split == "unlabelled" else "_".join(part.capitalize() for part in label.split("_")) + "/"
    return PlannedClip(
        id=f"{FOLDERS[split]}/{folder}{name}",
        subject=f"actor{subject:04d}",
        label=label,
        split=split,
        n_frames=min(high, max(low, round(duration_s * settings.fps))),
        identity_seed=(settings.seed, subject),
        clip_seed=int(rng.integers(2**53)),
    )
