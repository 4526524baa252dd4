"""Options of the study of all systems."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from vidfer.errors import SettingError

from .systems_budgets import BUDGET_BASIC, BUDGET_COMPOUND, BUDGET_IMAGES, Budget
from .systems_setup import SYSTEMS


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All systems on the same few-shot episodes."""

    out: Path = Path("systems")
    """Folder for everything that is made."""
    only: tuple[Literal["basic", "compound", "images"], ...] = ("basic", "compound", "images")
    """Tasks: actors with novel basic expressions, actors with novel compound ones, images of people."""
    systems: tuple[str, ...] = tuple(SYSTEMS)
    """Rows to run. Systems that one of them starts from are trained too."""
    images: Path | None = None
    """Images for the task `images`: a folder for each label, files named after the person (NAME_1.jpg).
    Without it the task is left out."""
    unlabelled: Path | None = None
    """Folder of more images or clips for the student of the task `images`; their labels are not used. Without
    it that task has no student."""
    released: Path | None = None
    """Folder of released CSRN checkpoints, each made by tools/import_csrn.py. They are evaluated in the task
    `images`, on the crops of the others and on whole pictures, which they were trained on."""
    face_landmarker: Path | None = None
    """The file face_landmarker.task (`vidfer encoders get face_landmarker`). Without it there is no system
    with face points."""
    seeds: tuple[int, ...] = (0,)
    """Seeds of training; accuracies are means over them. Actors and episodes are the same for all."""
    episodes: int = 600
    """Few-shot episodes of the evaluation."""
    reference: str = "prototypical"
    """System that the others are compared with."""
    kept: Literal["last", "best"] = "last"
    """Checkpoint that is evaluated: the last one, or the best on validation (base classes)."""
    jobs: int = 1
    """Commands that run at a time, one thread each."""
    report: bool = False
    """Run nothing; make tables and figures from what is finished."""
    budget_basic: Budget = field(default_factory=lambda: BUDGET_BASIC)
    budget_compound: Budget = field(default_factory=lambda: BUDGET_COMPOUND)
    budget_images: Budget = field(default_factory=lambda: BUDGET_IMAGES)

    def __post_init__(self) -> None:
        for name in (*self.systems, self.reference):
            if name not in SYSTEMS:
                raise SettingError(f"no system '{name}'; choose from {', '.join(SYSTEMS)}")

    def budget_of(self, task: str) -> Budget:
        return {
            "basic": self.budget_basic,
            "compound": self.budget_compound,
            "images": self.budget_images,
        }[task]
