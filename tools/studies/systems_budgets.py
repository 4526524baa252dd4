"""How much of everything the study of all systems spends: clips, frames, episodes, epochs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Budget:
    """How much of everything. A text holds options of a command."""

    frames: int
    """Frames of each clip in training."""
    conv4_frames: int
    """The same for systems with Conv-4 on three regions, whose papers train on single images."""
    eval_frames: int
    """Frames of each clip in the evaluation, for all systems."""
    crop_px: int
    """Side of the crops in the cache, in pixels."""
    conv4: str
    """Options of recipes/fewshot.py for prototypical and matching networks on three regions."""
    csrn: str
    """Options of recipes/fewshot.py for CSRN, whose relation module has more to learn."""
    relation: str
    """Options of recipes/fewshot.py for systems on the face alone. Three times as many episodes cost them as
    much as those of the others."""
    fan: str
    """Options of recipes/supervised.py for FAN."""
    egs: str
    """Options of recipes/egs.py."""
    teacher: str
    """Options of recipes/supervised.py for the teacher of Noisy Student FER."""
    student: str
    """Options of recipes/noisy_student.py."""
    head: str
    """Options of recipes/fewshot.py for the CSRN head on the student's encoder."""
    points: str = ""
    """Options of recipes/fewshot.py for systems with face points."""
    actors: str = ""
    """Options of `vidfer actors`; empty for the task on images."""


NETWORK = "--encoder.width 12 --encoder.input-px 48"
# Small steps, little dropout and half the noise: chosen on validation clips of actors of another seed.
CLASSIFIER = (
    f"{NETWORK} --dropout 0.2 --noise.magnitude 0.5 --train.batch-size 8 --train.balanced "
    "--train.ema-decay 0.98"
)
STUDENT = (
    "--from-teacher --optim.lr 1e-3 --train.batch-size 4 --pseudo.ratio 2 --train.balanced "
    "--train.ema-decay 0.98"
)
SHORT = "--episodes.val-episodes 20 --episodes.epochs 5"
# Relation heads learn little from one query per class (CSRN's paper); Sung et al. take 10 to 15.
CONV4 = f"{SHORT} --episodes.queries 8"
# Four ways, as there are four base classes. CDNet's 16 queries would need more clips than there are.
EGS = (
    f"{NETWORK} --episodes.val-episodes 20 --episodes.epochs 6 --egs.joint-epochs 4 --episodes.ways 4 "
    "--episodes.shots 1 --episodes.queries 4 --optim.lr 1e-3"
)
ACTORS = (
    "--fps 10 --min-duration-s 0.6 --max-duration-s 0.8 --train-subjects 40 --val-per-class 12 "
    "--val-subjects 6 --test-per-class 4 --novel-per-class 40 --test-subjects 60 --unlabelled-subjects 60"
)
ON_ACTORS = {
    "frames": 2,
    "conv4_frames": 1,
    "eval_frames": 4,
    "crop_px": 64,
    "conv4": f"{CONV4} --episodes.per-epoch 60",
    "csrn": f"{CONV4} --episodes.per-epoch 60",
    "relation": f"{CONV4} --episodes.per-epoch 180",
    "fan": f"{CLASSIFIER} --train.epochs 80",
    "egs": f"{EGS} --episodes.per-epoch 150",
    "teacher": f"{CLASSIFIER} --train.epochs 60",
    "student": f"{STUDENT} --train.epochs 5",
    "head": f"{SHORT} --episodes.per-epoch 50",
}
BUDGET_BASIC = Budget(**ON_ACTORS, actors=f"{ACTORS} --train-per-class 40 --unlabelled 240")
SHORTER = {
    "conv4": f"{CONV4} --episodes.per-epoch 40",
    # With 40 it is at chance on the classes that it trains on.
    "csrn": f"{CONV4} --episodes.per-epoch 120",
    "relation": f"{CONV4} --episodes.per-epoch 120",
}
BUDGET_COMPOUND = Budget(**ON_ACTORS | SHORTER, actors=f"{ACTORS} --train-per-class 25 --unlabelled 280")
BUDGET_IMAGES = Budget(
    frames=1,
    conv4_frames=1,
    eval_frames=1,
    crop_px=224,
    conv4=f"{CONV4} --episodes.per-epoch 100",
    csrn=f"{CONV4} --episodes.per-epoch 100",
    relation=f"{CONV4} --episodes.per-epoch 200",
    fan=f"{CLASSIFIER} --train.epochs 12",
    egs=f"{EGS} --episodes.per-epoch 250",
    teacher=f"{CLASSIFIER} --train.epochs 8",
    student=f"{STUDENT} --train.epochs 2",
    head=f"{SHORT} --episodes.per-epoch 50",
)
