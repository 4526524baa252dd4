"""The settings of a data set of actors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from vidfer.actors.conditions import CONDITIONS
from vidfer.actors.expressions import EXPRESSIONS
from vidfer.errors import SettingError
from vidfer.rare import Rare

BASE_LABELS = ("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise")
NOVEL_LABELS = (
    "contempt",
    "happily_surprised",
    "sadly_fearful",
    "angrily_disgusted",
    "fearfully_surprised",
)


@dataclass(frozen=True, kw_only=True)
class ActorSettings:
    """A data set of synthetic people. The same settings give the same bytes."""

    seed: int = 0
    """All faces, movements and scenes follow from this number."""
    setting: Literal["studio", "wild"] = "studio"
    """studio: even light, frontal faces. wild: darkness, turned heads, talking, hands in front of faces."""
    size: tuple[int, int] = (320, 240)
    """Width and height of the frames, in pixels; both even."""
    fps: Rare[int] = 25
    """Frames per second."""
    min_duration_s: Rare[float] = 0.6
    """Shortest clip, in seconds (0.5 or more)."""
    max_duration_s: float = 2.0
    """Longest clip, in seconds (5 or less)."""
    base_labels: Rare[tuple[str, ...]] = BASE_LABELS
    """Expressions of the train, val and test clips, and of the unlabelled ones."""
    novel_labels: Rare[tuple[str, ...]] = NOVEL_LABELS
    """Expressions that only the test folder has, for few-shot evaluation."""
    train_per_class: int = 10
    """Labelled training clips of each base expression."""
    val_per_class: int = 4
    """Validation clips of each base expression."""
    test_per_class: int = 6
    """Test clips of each base expression."""
    novel_per_class: int = 10
    """Test clips of each novel expression."""
    unlabelled: int = 100
    """All unlabelled clips; some of their expressions are more frequent than others."""
    unlabelled_novel_share: Rare[float] = 0.0
    """Share of the unlabelled clips that show a novel expression (0 to 1)."""
    train_subjects: int = 10
    """Subjects in the training clips."""
    val_subjects: int = 4
    """Subjects in the validation clips."""
    test_subjects: int = 6
    """Subjects in the test clips."""
    unlabelled_subjects: int = 20
    """Subjects in the unlabelled clips."""

    def __post_init__(self) -> None:
        if self.setting not in CONDITIONS:
            raise SettingError(f"there is no setting '{self.setting}'; choose one of {', '.join(CONDITIONS)}")
        width, height = self.size
        if width % 2 or height % 2 or min(width, height) < 64:
            raise SettingError(
                f"frames of {width}x{height} cannot be encoded; size needs even numbers of 64 or more"
            )
        if not 0.5 <= self.min_duration_s <= self.max_duration_s <= 5:
            raise SettingError(
                f"min_duration_s is {self.min_duration_s} and max_duration_s is {self.max_duration_s}; they "
                "must lie between 0.5 and 5, and the first must not be the greater one"
            )
        if not 1 <= self.fps <= 120:
            raise SettingError(f"fps is {self.fps}; it must lie between 1 and 120")
        if not 0 <= self.unlabelled_novel_share <= 1:
            raise SettingError(
                f"unlabelled_novel_share is {self.unlabelled_novel_share}; it must lie between 0 and 1"
            )
        self._check_labels()
        self._check_counts()

    def _check_labels(self) -> None:
        if len(set(self.base_labels)) != len(self.base_labels) or len(set(self.novel_labels)) != len(
            self.novel_labels
        ):
            raise SettingError("base_labels or novel_labels has a name twice; name each label once")
        both = sorted(set(self.base_labels) & set(self.novel_labels))
        if both:
            raise SettingError(f"'{both[0]}' is both a base and a novel label; name it once")
        for label in self.base_labels + self.novel_labels:
            if label not in EXPRESSIONS:
                raise SettingError(f"there is no expression '{label}'; choose from {', '.join(EXPRESSIONS)}")
        if not self.base_labels:
            raise SettingError("base_labels is empty; name at least one expression")
        if self.unlabelled_novel_share > 0 and not self.novel_labels:
            raise SettingError(
                "unlabelled_novel_share is above 0, but novel_labels is empty; name novel expressions"
            )

    def _check_counts(self) -> None:
        parts = {
            "train": self.train_per_class,
            "val": self.val_per_class,
            "test": self.test_per_class + self.novel_per_class,
            "unlabelled": self.unlabelled,
        }
        names = ("train_per_class", "val_per_class", "test_per_class", "novel_per_class", "unlabelled")
        for name in names:
            if getattr(self, name) < 0:
                raise SettingError(f"{name} is {getattr(self, name)}; it must be 0 or more")
        for split, n_clips in parts.items():
            n_subjects = getattr(self, f"{split}_subjects")
            if n_clips and n_subjects < 1:
                raise SettingError(
                    f"{split}_subjects is {n_subjects}, but there are {split} clips; it must be 1 or more"
                )
        if not sum(parts.values()):
            raise SettingError(
                "these settings give no clip; raise train_per_class or another number of clips"
            )
