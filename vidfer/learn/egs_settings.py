"""How the two branches of EGS-Net learn; free of torch, so that a command line can parse it at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from vidfer.errors import SettingError
from vidfer.rare import Rare

Learner = Literal["both", "emotion", "similarity"]
"""Who learns in an epoch: both branches in the joint stage, one of them in the alternate stage."""


@dataclass(frozen=True, kw_only=True)
class EgsSettings:
    """The two stages of EGS-Net (Zou et al., AAAI 2022); weights and schedule are not published."""

    joint_epochs: int = 60
    """Epochs of the first stage, in which both branches learn together. In the remaining ones of
    --episodes.epochs they take turns."""
    turn_epochs: Rare[int] = 1
    """Epochs of a turn of the second stage. The emotion branch comes first, so that the similarity branch,
    which is what is used later, learns last."""
    similarity_weight: Rare[float] = 1.0
    """Weight of the episode's loss beside the emotion branch's in the first stage."""
    guide_weight: Rare[float] = 1.0
    """Weight of the guide in the second stage, beside the learner's own loss."""
    temperature: Rare[float] = 4.0
    """Both posteriors are flattened by this before they are compared (knowledge distillation)."""

    def __post_init__(self) -> None:
        if self.joint_epochs < 0:
            raise SettingError(f"--egs.joint-epochs {self.joint_epochs}: must be 0 or more")
        if self.turn_epochs < 1:
            raise SettingError(f"--egs.turn-epochs {self.turn_epochs}: must be at least 1")
        for name in ("similarity_weight", "guide_weight"):
            if getattr(self, name) < 0:
                raise SettingError(f"--egs.{name.replace('_', '-')} {getattr(self, name)}: must be 0 or more")
        if self.temperature <= 0:
            raise SettingError(f"--egs.temperature {self.temperature}: must be above 0")

    def check_epochs(self, epochs: int) -> None:
        """Raises a SettingError unless ``epochs`` end with a whole turn of the similarity branch."""
        rest, pair = epochs - self.joint_epochs, 2 * self.turn_epochs
        if rest < 0 or rest % pair:
            below = self.joint_epochs + max(0, rest // pair) * pair
            raise SettingError(
                f"--episodes.epochs {epochs}: after {self.joint_epochs} joint ones both branches take turns "
                f"of --egs.turn-epochs {self.turn_epochs}; give "
                f"{f'{below} or ' if below else ''}{below + pair} epochs"
            )

    def learner(self, epoch: int) -> Learner:
        """Who learns in an epoch, counted from 0."""
        if epoch < self.joint_epochs:
            return "both"
        turn = (epoch - self.joint_epochs) // self.turn_epochs
        return "similarity" if turn % 2 else "emotion"

    def starts_turn(self, epoch: int) -> bool:
        """Whether a turn of the second stage starts with this epoch, counted from 0."""
        return epoch >= self.joint_epochs and (epoch - self.joint_epochs) % self.turn_epochs == 0
