"""Which clips are shown, by rules written on the page, so that nobody can pick the pretty ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

STRIPS_PER_SIDE = 2
"""How many clips that were right, and how many that were wrong."""
N_HARDEST = 12
"""How many hardest clips are shown: full rows of two, three and four."""
STRIP_RULE = (
    f"Shown for each run: of the clips of its result file, the {STRIPS_PER_SIDE} it was surest of and right "
    f"about, and the {STRIPS_PER_SIDE} it was surest of and wrong about; equal confidences go by clip id. "
    "The curve is the weight of each frame in the clip's embedding; the dashed line is where all frames "
    "would count alike. A run that classifies nothing has no strips."
)


@dataclass(frozen=True, kw_only=True)
class ClipVerdict:
    """What a run said about one clip."""

    clip_id: str
    label: str
    prediction: str
    confidence: float
    """Probability of the prediction, in [0, 1]."""
    has_face: bool

    @property
    def right(self) -> bool:
        return self.has_face and self.label == self.prediction


def choose_strips(verdicts: Sequence[ClipVerdict]) -> list[ClipVerdict]:
    """The clips of :data:`STRIP_RULE`: right ones first, surest first; clips without a face have no strip."""
    surest = sorted((v for v in verdicts if v.has_face), key=lambda v: (-v.confidence, v.clip_id))
    right = [v for v in surest if v.right][:STRIPS_PER_SIDE]
    wrong = [v for v in surest if not v.right][:STRIPS_PER_SIDE]
    return right + wrong
