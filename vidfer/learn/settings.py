"""Settings that the recipes share; free of torch, so that a command line can parse them at once."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from vidfer.errors import SettingError
from vidfer.rare import Rare


@dataclass(frozen=True, kw_only=True)
class OptimSettings:
    """The optimiser and its schedule: linear warm-up, then half a cosine down to zero, or steps."""

    name: Literal["adamw", "adam", "sgd"] = "adamw"
    """The optimiser; sgd has momentum 0.9."""
    nesterov: Rare[bool] = True
    """Nesterov's form of sgd's momentum, or the plain one."""
    lr: float = 2e-3
    """Highest learning rate, reached after the warm-up."""
    weight_decay: float = 0.05
    """Weight decay of matrices and kernels. Biases and normalisation layers have none, unless
    --optim.decay-all is given."""
    decay_all: Rare[bool] = False
    """Weight decay on biases and normalisation layers too, as torch's optimisers do by themselves."""
    warmup: Rare[float] = 0.1
    """Share of all steps spent warming up."""
    schedule: Rare[Literal["cosine", "steps"]] = "cosine"
    """After the warm-up: half a cosine down to zero, or a fall at each of the milestones and none between."""
    milestones: Rare[tuple[int, ...]] = ()
    """Epochs after which the rate of the schedule `steps` falls; none: it stays as it is."""
    factor: Rare[float] = 0.2
    """What the rate is multiplied by at a milestone."""
    clip_norm: Rare[float] = 1.0
    """Largest norm of the gradient over all parameters; 0 clips nothing."""
    accumulate: Rare[int] = 1
    """Batches (or episodes, of each process) whose gradients make one step, as if they were one larger batch
    but for batch normalisation: for batches that do not fit into memory."""

    def __post_init__(self) -> None:
        if not 0 < self.lr < math.inf:
            raise SettingError(f"--optim.lr {self.lr}: must be a number greater than 0")
        if not 0 <= self.weight_decay < math.inf:
            raise SettingError(f"--optim.weight-decay {self.weight_decay}: must be 0 (off) or more")
        if not 0 <= self.warmup < 1:
            raise SettingError(f"--optim.warmup {self.warmup}: a share of all steps, 0 or more and below 1")
        if self.milestones and self.schedule != "steps":
            raise SettingError(
                f"--optim.milestones {' '.join(map(str, self.milestones))}: only "
                f"--optim.schedule steps has milestones"
            )
        if any(epoch < 1 for epoch in self.milestones) or [*self.milestones] != sorted({*self.milestones}):
            raise SettingError(
                f"--optim.milestones {' '.join(map(str, self.milestones))}: numbers of epochs from 1, "
                f"each larger than the one before"
            )
        if not 0 < self.factor <= 1:
            raise SettingError(f"--optim.factor {self.factor}: must be greater than 0 and at most 1")
        if not self.clip_norm >= 0:
            raise SettingError(f"--optim.clip-norm {self.clip_norm}: must be 0 (off) or more")
        if self.accumulate < 1:
            raise SettingError(f"--optim.accumulate {self.accumulate}: a step needs at least 1 batch")


@dataclass(frozen=True, kw_only=True)
class TrainSettings:
    """The training on labelled (and pseudo-labelled) clips."""

    epochs: int = 30
    """Passes over the training clips."""
    batch_size: int = 32
    """Labelled clips in a batch, over all processes together."""
    label_smoothing: Rare[float] = 0.1
    """Share of a label's weight that is spread over all classes."""
    balanced: bool = False
    """Draw labelled clips so that every class is equally frequent."""
    class_weights: Rare[Literal["none", "balanced", "effective"]] = "none"
    """Weight of a labelled clip in the loss: the same for all; one over the number of clips of its class; or
    one over the effective number of clips of its class, which evens out less (Cui et al. 2019)."""
    effective_beta: Rare[float] = 0.99
    """Beta in the effective number (1 - beta^n) / (1 - beta) of n clips: 0 gives all clips the same weight,
    a value close to 1 is like `balanced`. The authors try 0.9, 0.99, 0.999 and 0.9999."""
    mixup: Rare[float] = 0.0
    """Blend each clip with another one by a share that is drawn from Beta(a, a), and their labels alike
    (Zhang et al. 2018). This is a: 0 is off, 0.2 blends most clips a little, 1 takes all shares equally
    often."""
    cutmix: Rare[float] = 0.0
    """Replace a rectangle of each clip by that of another one, and mix their labels by the area (Yun et al.
    2019). This is a of Beta(a, a), as for mixup; 0 is off, the authors take 1."""
    ema_decay: Rare[float] = 0.0
    """Decay per step of an exponential moving average of the weights. The average is then validated and kept.
    0 is off; 0.99 suits some hundred steps, 0.9999 very long runs."""
    validate_every: Rare[int] = 1
    """Validate after every n-th epoch, and after the last one; for few labels and many validation clips."""

    def __post_init__(self) -> None:
        if self.epochs < 1:
            raise SettingError(f"--train.epochs {self.epochs}: at least one epoch is needed")
        if self.validate_every < 1:
            raise SettingError(f"--train.validate-every {self.validate_every}: must be 1 or more")
        if self.batch_size < 2:
            raise SettingError(
                f"--train.batch-size {self.batch_size}: batch normalisation needs at least 2 clips"
            )
        if self.balanced and self.class_weights != "none":
            raise SettingError(
                f"--train.class-weights {self.class_weights} with --train.balanced would make up for small "
                f"classes twice; leave one out"
            )
        if not 0 <= self.effective_beta < 1:
            raise SettingError(f"--train.effective-beta {self.effective_beta}: 0 or more and below 1")
        if not 0 <= self.label_smoothing < 1:
            raise SettingError(f"--train.label-smoothing {self.label_smoothing}: 0 or more and below 1")
        for name in ("mixup", "cutmix"):
            if not 0 <= getattr(self, name) < math.inf:
                raise SettingError(f"--train.{name} {getattr(self, name)}: must be 0 (off) or more")
        if not 0 <= self.ema_decay < 1:
            raise SettingError(f"--train.ema-decay {self.ema_decay}: 0 (off) or more and below 1")

    @property
    def blends(self) -> bool:
        """Whether clips are blended with others."""
        return bool(self.mixup or self.cutmix)

    def validates(self, epoch: int) -> bool:
        """Whether an epoch, counted from 1, ends with a validation."""
        return epoch % self.validate_every == 0 or epoch == self.epochs


@dataclass(frozen=True, kw_only=True)
class PseudoLabelSettings:
    """Which pseudo-labels the student learns from (Xie et al. 2020, arXiv 1911.04252, sections 2 and 3.1)."""

    threshold: float = 0.3
    """Select a clip if the teacher's highest probability is greater than this."""
    calibrate: Rare[bool] = True
    """Calibrate the teacher's confidence before the threshold is applied, with one temperature that is fitted
    on the validation clips."""
    min_calibration_clips: Rare[int] = 100
    """Calibrate with at least this many validation clips with a face. With fewer, the temperature can do more
    harm than good to a teacher whose confidence is nearly right."""
    soft: Rare[bool] = True
    """Learn all probabilities of the teacher instead of its first choice; steadier for a weak teacher."""
    balance: Rare[bool] = True
    """The same number of clips for each class: the most confident ones; small classes are repeated."""
    quota: Rare[int | None] = None
    """Clips per class when balancing, at most all unlabelled clips with a face. By default the mean over the
    classes that the teacher has chosen."""
    ratio: Rare[int] = 1
    """Pseudo-labelled clips for each labelled clip in a batch."""
    consistency: Rare[Literal["none", "fixmatch", "freematch"]] = "none"
    """Learn more from unlabelled clips: what the student is sure of when it sees a clip with weak noise, it
    learns from the same clip with all noise. FixMatch (Sohn et al. 2020) has one threshold, FreeMatch (Wang
    et al. 2023) adapts one for each class."""
    consistency_threshold: Rare[float] = 0.95
    """FixMatch: the student is sure if its highest probability is greater than this. Label smoothing of s
    keeps probabilities below about 1 - s."""
    consistency_momentum: Rare[float] = 0.99
    """FreeMatch: the share of a threshold that a step leaves. Its authors take 0.999 for a million steps."""
    consistency_weight: Rare[float] = 1.0
    """Weight of this loss."""
    teacher_weight: Rare[float] = 1.0
    """Weight of the teacher's labels beside it. With 0 the student learns from all clips with a face, and of
    the labels only from those that people have corrected."""

    def __post_init__(self) -> None:
        if not 0 <= self.threshold < 1:
            raise SettingError(f"--pseudo.threshold {self.threshold}: a probability, 0 or more and below 1")
        for name in ("consistency_threshold", "consistency_momentum"):
            value, option = getattr(self, name), f"--pseudo.{name.replace('_', '-')}"
            if not 0 <= value < 1:
                raise SettingError(f"{option} {value}: 0 or more and below 1")
        for name in ("consistency_weight", "teacher_weight"):
            value, option = getattr(self, name), f"--pseudo.{name.replace('_', '-')}"
            if not 0 <= value < math.inf:
                raise SettingError(f"{option} {value}: must be 0 or more")
        if not self.teacher_weight and self.consistency == "none":
            raise SettingError(
                "--pseudo.teacher-weight 0 leaves nothing to learn from unlabelled clips; add "
                "--pseudo.consistency fixmatch or freematch"
            )
        if self.min_calibration_clips < 1:
            raise SettingError(
                f"--pseudo.min-calibration-clips {self.min_calibration_clips}: at least one clip"
            )
        if self.quota is not None and self.quota < 1:
            raise SettingError(f"--pseudo.quota {self.quota}: at least one clip per class")
        if self.quota is not None and not self.balance:
            raise SettingError(
                f"--pseudo.quota {self.quota}: --pseudo.no-balance takes all confident clips; leave one out"
            )
        if self.ratio < 1:
            raise SettingError(
                f"--pseudo.ratio {self.ratio}: at least one pseudo-labelled clip for a labelled one"
            )


@dataclass(frozen=True, kw_only=True)
class StudentSettings:
    """The student's network, where it is not its teacher's (Xie et al. 2020: as large or larger, noised)."""

    encoder: str | None = None
    """A larger encoder, such as resnet18 for a teacher of conv4; by default the teacher's."""
    network: Rare[str | None] = None
    """A larger network of the encoders torchvision and timm, such as resnet50 for a teacher of resnet18."""
    width: int | None = None
    """Width of grouped_resnet18 or resnet18; by default the teacher's, and never less."""
    input_px: int | None = None
    """Side that the student's crops are resized to; by default as the teacher's."""
    dropout: float | None = None
    """Dropout before the classifier; Noisy Student has 0.5."""
    stochastic_depth: Rare[float | None] = None
    """Probability that a clip passes the last block of the network; 1 is off, Noisy Student has 0.8."""
