"""Settings of the data room; imports nothing heavy, so that the command line can parse without torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from vidfer.errors import SettingError
from vidfer.rare import Rare


@dataclass(frozen=True, kw_only=True)
class DataSettings:
    """Which clips, and how they are fed."""

    classes: tuple[str, ...] = ()
    """Base classes to train on. By default every label among the clips that may be trained on."""
    novel: tuple[str, ...] = ()
    """Classes kept for few-shot evaluation. Subjects who show one of them are not trained on either."""
    frames: int = 8
    """Frames sampled from each clip (T)."""
    val_fraction: Rare[float] = 0.15
    """Share of subjects held out for validation when the cache has no validation split."""
    split_seed: Rare[int] = 0
    """Seed of the split into training and validation clips. It is not --seed, so that runs with several seeds
    validate on the same clips."""
    labels_per_class: Rare[int | None] = None
    """Use at most so many labels of each class, of clips that --data.split-seed chooses; the other training
    clips are unlabelled, for noisy_student.py. It shows what more labels would bring."""
    fold: str | None = None
    """Cross-validation: the fold to hold out as test, such as 3/10 (the third of ten by subject), 3/loso or
    subject:S001 (leave one subject out), 3/ckplus (CK+'s own), or 3/folds.csv (a table, as
    `vidfer sources folds` writes it)."""
    workers: int = 0
    """Loader processes per training process: 0 on one or two cores, 2 to 8 where a GPU waits for data."""
    decode: Rare[Literal["worker", "device"]] = "worker"
    """Who decodes the JPEGs to train on: the loader, or the network's device, which saves the loader nearly
    all of its work. On CUDA colours differ a little. The loader always decodes clips that are not
    trained on."""

    def __post_init__(self) -> None:
        if self.frames < 1:
            raise SettingError(f"--data.frames {self.frames}: a clip needs at least one frame")
        if not 0 < self.val_fraction < 0.5:
            raise SettingError(f"--data.val-fraction {self.val_fraction}: must lie between 0 and 0.5")
        if self.split_seed < 0:
            raise SettingError(f"--data.split-seed {self.split_seed}: must be 0 or more")
        if self.labels_per_class is not None and self.labels_per_class < 1:
            raise SettingError(f"--data.labels-per-class {self.labels_per_class}: at least one label")
        if self.workers < 0:
            raise SettingError(f"--data.workers {self.workers}: must be 0 or more")


@dataclass(frozen=True, kw_only=True)
class NoiseSettings:
    """Strength of the random changes to a training clip; 0 switches one off.

    The noise of the noisy-student paper (arXiv 2008.02655) — contrast, brightness, translation, sharpness,
    flips — whose strengths are not published. These defaults leave an expression readable.
    """

    brightness: Rare[float] = 0.15
    """Largest value added to or taken from pixels in [0, 1]."""
    contrast: Rare[float] = 0.3
    """Pixels are multiplied by 1 ± up to this."""
    sharpness: Rare[float] = 0.7
    """Kornia's sharpness factor is 1 ± up to this: below 1 blurs, above 1 sharpens."""
    translation: Rare[float] = 0.06
    """Largest shift to either side, horizontally and vertically, as a share of the picture's side."""
    rotation: Rare[float] = 0.0
    """Largest turn to either side in degrees; 10 to 20 suit faces that are trained on from scratch."""
    scale: Rare[float] = 0.0
    """The face gets larger or smaller by up to this: 0.2 is a factor from 1/1.2 to 1.2."""
    erase: Rare[float] = 0.0
    """Probability that a random rectangle becomes grey, the same in all crops of a clip: random erasing
    (Zhong et al. 2020, arXiv 1708.04896)."""
    erase_area: Rare[float] = 0.2
    """Largest area of that rectangle, as a share of the picture."""
    grey: Rare[float] = 0.0
    """Probability that a clip loses its colours, for networks that should not rely on them."""
    flip: Rare[float] = 0.5
    """Probability of mirroring left and right."""
    magnitude: float = 1.0
    """Multiplies brightness, contrast, sharpness, translation, rotation, scale and the erased area: one
    number for the strength of the noise."""
    kinds: Rare[int | None] = None
    """How many kinds of noise change a clip (of all but flips), drawn anew for each clip, as in RandAugment
    (Cubuk et al. 2020, arXiv 1909.13719); by default all that are on."""

    def __post_init__(self) -> None:
        for name in ("brightness", "contrast", "sharpness", "translation", "scale", "erase", "grey", "flip"):
            value = getattr(self, name)
            if not 0.0 <= value <= 1.0:
                raise SettingError(f"noise {name} is {value}; give a number from 0 (off) to 1")
        if not 0.0 <= self.rotation <= 180.0:
            raise SettingError(f"noise rotation is {self.rotation}; give degrees from 0 (off) to 180")
        if not 0.0 < self.erase_area <= 1.0:
            raise SettingError(f"noise erase_area is {self.erase_area}; give a share above 0 and at most 1")
        if not 0 <= self.magnitude < float("inf"):
            raise SettingError(f"noise magnitude is {self.magnitude}; give 0 (off) or more")
        if self.kinds is not None and not 0 <= self.kinds <= 8:
            raise SettingError(
                f"noise kinds is {self.kinds}; give a number from 0 to 8, or leave it out for all"
            )

    @property
    def off(self) -> bool:
        """Whether all of it is off."""
        strengths = (self.brightness, self.contrast, self.sharpness, self.translation)
        strengths += (self.rotation, self.scale)
        return self.kinds == 0 or not (
            self.flip or self.grey or self.erase or self.magnitude * max(strengths)
        )

    def weak(self) -> NoiseSettings:
        """Translation and flips alone, no stronger than by default (FixMatch's weak augmentation)."""
        only = {"translation": self.translation, "flip": self.flip, "magnitude": min(1.0, self.magnitude)}
        return NoiseSettings(brightness=0.0, contrast=0.0, sharpness=0.0, **only)


@dataclass(frozen=True, kw_only=True)
class EpisodeSettings:
    """Episodes, as CSRN trains on them (Kim et al., ICCE 2024: 4 ways, 4 shots, 1 query, clip norm 0.5)."""

    ways: int = 4
    """Classes in an episode (N)."""
    shots: int = 4
    """Support clips of each class (K)."""
    queries: int = 1
    """Query clips of each class (Q)."""
    person_disjoint: bool = False
    """Query clips show other subjects than the support clips of their episode, so that recognising the person
    does not help. Needs a cache that names the subjects."""
    per_epoch: int = 50
    """Episodes in an epoch, over all processes together."""
    val_episodes: Rare[int] = 100
    """Validation episodes after each epoch, always the same ones."""
    epochs: int = 100
    """Number of epochs; the cosine schedule ends with the last one. CSRN has 100."""

    def __post_init__(self) -> None:
        if self.ways < 2:
            raise SettingError(f"--episodes.ways {self.ways}: an episode compares at least 2 classes")
        for name in ("shots", "queries", "per_epoch", "val_episodes", "epochs"):
            if getattr(self, name) < 1:
                raise SettingError(
                    f"--episodes.{name.replace('_', '-')} {getattr(self, name)}: must be at least 1"
                )
