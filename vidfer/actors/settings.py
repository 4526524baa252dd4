"""What a set of actors contains; imports neither cv2 nor torch."""

from __future__ import annotations

from dataclasses import dataclass

from vidfer.actors.conditions import CONDITIONS
from vidfer.actors.expressions import EXPRESSIONS
from vidfer.errors import VidferError

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
    """A data set of synthetic people; the same settings give the same bytes."""

    seed: int = 0
    """Every face, movement and scene follows from this number."""
    setting: str = "studio"
    """``studio`` (even light, frontal, clear) or ``wild`` (head turns, darkness, talking, occlusion)."""
    size: tuple[int, int] = (320, 240)
    """Width and height of the frames, in pixels; both even."""
    fps: int = 25
    """Frames per second."""
    min_duration_s: float = 0.6
    """Shortest clip, in seconds (0.5 or more)."""
    max_duration_s: float = 2.0
    """Longest clip, in seconds (5 or less)."""
    base_labels: tuple[str, ...] = BASE_LABELS
    """Expressions of the train, val and test clips, and of the unlabelled ones."""
    novel_labels: tuple[str, ...] = NOVEL_LABELS
    """Expressions that appear in the test folder only, for few-shot evaluation."""
    train_per_class: int = 10
    """Labelled training clips of each base expression."""
    val_per_class: int = 4
    """Validation clips of each base expression."""
    test_per_class: int = 6
    """Test clips of each base expression."""
    novel_per_class: int = 10
    """Test clips of each novel expression."""
    unlabelled: int = 100
    """Unlabelled clips altogether; their expressions are unevenly distributed."""
    unlabelled_novel_share: float = 0.0
    """Share of the unlabelled clips that show a novel expression (0 to 1)."""
    train_subjects: int = 10
    """People in the training clips."""
    val_subjects: int = 4
    """People in the validation clips."""
    test_subjects: int = 6
    """People in the test clips."""
    unlabelled_subjects: int = 20
    """People in the unlabelled clips."""

    def __post_init__(self) -> None:
        if self.setting not in CONDITIONS:
            raise VidferError(
                f"unknown actor setting '{self.setting}'; choose one of {', '.join(CONDITIONS)}"
            )
        width, height = self.size
        if width % 2 or height % 2 or min(width, height) < 64:
            raise VidferError(
                f"actor frames of {width}x{height} cannot be encoded; use even numbers of 64 or more"
            )
        if not 0.5 <= self.min_duration_s <= self.max_duration_s <= 5:
            raise VidferError(
                f"clips of {self.min_duration_s} to {self.max_duration_s} s; "
                "min_duration_s and max_duration_s must lie between 0.5 and 5, in this order"
            )
        if not 1 <= self.fps <= 120:
            raise VidferError(f"{self.fps} frames per second; choose a rate between 1 and 120")
        if not 0 <= self.unlabelled_novel_share <= 1:
            raise VidferError(
                f"unlabelled_novel_share is {self.unlabelled_novel_share}; it must lie between 0 and 1"
            )
        self._check_labels()
        self._check_counts()

    def _check_labels(self) -> None:
        if len(set(self.base_labels)) != len(self.base_labels) or len(set(self.novel_labels)) != len(
            self.novel_labels
        ):
            raise VidferError("base_labels and novel_labels must not repeat a name")
        both = sorted(set(self.base_labels) & set(self.novel_labels))
        if both:
            raise VidferError(f"'{both[0]}' is both a base and a novel label; name it once")
        for label in self.base_labels + self.novel_labels:
            if label not in EXPRESSIONS:
                raise VidferError(f"unknown expression '{label}'; choose from {', '.join(EXPRESSIONS)}")
        if not self.base_labels:
            raise VidferError("base_labels is empty; name at least one expression")
        if self.unlabelled_novel_share > 0 and not self.novel_labels:
            raise VidferError(
                "unlabelled_novel_share is above 0 but novel_labels is empty; name novel expressions"
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
                raise VidferError(f"{name} is {getattr(self, name)}; it must be 0 or more")
        for split, n_clips in parts.items():
            n_subjects = getattr(self, f"{split}_subjects")
            if n_clips and n_subjects < 1:
                raise VidferError(
                    f"{split}_subjects is {n_subjects}, but there are {split} clips; use 1 or more"
                )
        if not sum(parts.values()):
            raise VidferError("these settings ask for no clip at all; raise one of the clip counts")
