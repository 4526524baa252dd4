"""What every training run is told; free of torch, so that a command line can parse it at once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from vidfer.errors import SettingError
from vidfer.models.pretrained.named_weights import SINGLE, named_weights
from vidfer.models.settings import INIT, EncoderSettings, HeadSettings, ModelSettings
from vidfer.rare import Rare


@dataclass(frozen=True, kw_only=True)
class RunSettings:
    """What every training run is told: where from, where to, and how to start."""

    cache: Path
    """Crop cache to train from (made by `vidfer cache`)."""
    out: Path
    """Run folder: settings, metrics, checkpoints. Must not exist yet, unless --resume."""
    protocol: Path | None = None
    """A file with settings, or the name of an included one, such as fan_ckplus. Options on the command line
    override it."""
    resume: bool = False
    """Continue the run in --out from its last saved state."""
    save_every: Rare[int] = 500
    """Steps between two saved states within an epoch; a run that is killed repeats at most so many. The end
    of an epoch is always saved."""
    seed: int = 0
    """Seed of weights, frame sampling, batches and noise. The split of the clips has its own,
    --data.split-seed."""
    mixed_precision: Literal["no", "bf16", "fp16"] | None = None
    """Number format of the forward pass; by default what `accelerate launch` says."""
    tracker: Literal["tensorboard", "wandb", "none"] = "tensorboard"
    """Where curves go, besides metrics.jsonl: into the run folder, to an account at wandb, or nowhere."""
    sync_batch_norm: Rare[bool] = False
    """Normalise over the clips of all processes; for several accelerators with few clips each."""

    def __post_init__(self) -> None:
        if not 0 <= self.seed < 2**31:  # NumPy takes 32 bits, and students count up from it
            raise SettingError(f"--seed {self.seed}: must be 0 or more and below 2147483648")
        if self.save_every < 1:
            raise SettingError(f"--save-every {self.save_every}: at least 1 step")


@dataclass(frozen=True, kw_only=True)
class ModelRunSettings(RunSettings):
    """What every training run is told that builds a new model."""

    encoder: EncoderSettings
    """The network that sees the crops."""
    head: HeadSettings | None
    """The few-shot head."""
    init: Path | None = None
    """Checkpoint folder; the run starts from its encoder, which takes the place of --encoder."""
    weights: tuple[Path, ...] = ()
    """File of published weights to start the encoder from: torchvision's ResNet-18 (resnet18-f37072fd.pth) or
    one of the same form that was trained on faces, or those of the network that --encoder names. For encoders
    side by side NAME=FILE, for one or several of them."""
    dropout: float = 0.5
    """Dropout before the classifier. Noisy Student FER and FAN have 0.5; FAN with relation attention has
    0.6."""

    def __post_init__(self) -> None:
        if isinstance(self.weights, Path):  # from Python, a single one
            object.__setattr__(self, "weights", (self.weights,))
        super().__post_init__()
        _ = self.model  # checks that the parts fit
        side_by_side = self.encoder.side_by_side
        if INIT in side_by_side and self.init is None:
            raise SettingError(f"--encoder {self.encoder.title}: {INIT} is the encoder of --init; name it")
        if self.init is not None and self.weights and INIT not in side_by_side:
            raise SettingError("--init and --weights both say where the encoder starts; name one of them")
        if INIT in named_weights(self.weights, self.encoder):
            raise SettingError(f"--weights {INIT}=: its weights are those of --init; leave it out")
        self.check_frozen(False)

    def check_frozen(self, freeze_encoder: bool) -> None:
        """Raise a SettingError if an encoder is to stay as it is and has nothing but random weights."""
        side_by_side = self.encoder.side_by_side
        if self.init is not None and INIT not in side_by_side:
            return
        given = named_weights(self.weights, self.encoder)
        for name, one in (side_by_side or {SINGLE: self.encoder}).items():
            stays = freeze_encoder or name in self.encoder.frozen
            if stays and name != INIT and name not in given and one.pretrained is None:
                what = f"--encoder.frozen {name}" if name in self.encoder.frozen else "--freeze-encoder"
                of = f" for {name}" if name else ""
                raise SettingError(
                    f"{what} needs --init, --weights or a pretrained --encoder{of}: random weights must be "
                    "trained"
                )

    @property
    def model(self) -> ModelSettings:
        """The whole network."""
        return ModelSettings(encoder=self.encoder, head=self.head, dropout=self.dropout)


@dataclass(frozen=True, kw_only=True)
class JointRunSettings(ModelRunSettings):
    """What every training run is told that builds a new model and takes one or several caches."""

    cache: tuple[Path, ...]
    """Crop caches to train from (made by `vidfer cache`): one, or the clips of several together."""

    def __post_init__(self) -> None:
        if isinstance(self.cache, Path):  # from Python, a single one
            object.__setattr__(self, "cache", (self.cache,))
        super().__post_init__()
        if not self.cache:
            raise SettingError("--cache: name at least one crop cache")
