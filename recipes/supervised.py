"""Train the video network on the labelled clips of the base classes.

Example: accelerate launch recipes/supervised.py --cache cache/afew.h5 --out runs/teacher
"""

from __future__ import annotations

import vidfer.passive_threads  # noqa: F401  # isort: skip

if __name__ == "__main__":
    from vidfer.commands.early_stop import end_quietly_on_early_stop

    end_quietly_on_early_stop()

from dataclasses import dataclass, field
from functools import partial

from accelerate.utils import set_seed
from torch.nn import Identity

from vidfer.commands.progress import epoch_bar
from vidfer.commands.recipe_settings import settings_from_command_line
from vidfer.commands.say import give_first, tell_first
from vidfer.commands.stopped import stopped_text
from vidfer.commands.time_left import TimeLeft
from vidfer.data.domain_episodes import training_clips_of_domains
from vidfer.data.domains import training_domains
from vidfer.data.loader import build_loader
from vidfer.data.settings import DataSettings, NoiseSettings
from vidfer.data.split_datasets import evaluation_clips
from vidfer.data.training_split import split_info
from vidfer.errors import SettingError, exit_on_user_error
from vidfer.learn.accelerator import build_accelerator, check_shares, sync_batch_norm
from vidfer.learn.distil import recogniser_of
from vidfer.learn.distil_settings import DistilSettings
from vidfer.learn.epoch import Epoch
from vidfer.learn.finish_epoch import finish_epoch
from vidfer.learn.frozen_features import seen_once
from vidfer.learn.guide import guided_clips, load_guide
from vidfer.learn.noised_input import NoisedInput
from vidfer.learn.optimiser import build_optimiser
from vidfer.learn.settings import OptimSettings, TrainSettings
from vidfer.learn.side_by_side import fit_side_by_side
from vidfer.learn.start import base_classes, build_model, start_from
from vidfer.learn.supervised import step_options, train_epoch
from vidfer.learn.validate import validate
from vidfer.models.ema import Ema
from vidfer.models.encoders.grouped_resnet18 import GroupedResNet18Settings
from vidfer.models.heads.prototype import PrototypeSettings
from vidfer.models.settings import EncoderSettings, HeadSettings
from vidfer.percent import percent
from vidfer.rare import Rare
from vidfer.runs.run_folder import RunFolder
from vidfer.runs.settings import JointRunSettings


@dataclass(frozen=True, kw_only=True)
class Settings(JointRunSettings):
    """Train the video network on the labelled clips of the base classes."""

    freeze_encoder: bool = False
    """Leave the encoder of --init or --weights, or a pretrained one, as it is and train the classifier alone
    (a linear probe)."""
    encoder: EncoderSettings = field(default_factory=GroupedResNet18Settings)
    head: Rare[HeadSettings | None] = field(default_factory=PrototypeSettings)
    """The few-shot head that the checkpoint has. It is not trained here; the prototype head has nothing to
    train."""
    data: DataSettings = field(default_factory=DataSettings)
    val_frames: Rare[int | None] = None
    """Evenly spaced frames of each validation clip; by default as many as in training."""
    noise: NoiseSettings = field(default_factory=NoiseSettings)
    optim: OptimSettings = field(default_factory=OptimSettings)
    train: TrainSettings = field(default_factory=TrainSettings)
    distil: DistilSettings = field(default_factory=DistilSettings)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_frozen(self.freeze_encoder)
        self.distil.check_trains(self.freeze_encoder)
        if self.val_frames is not None and self.val_frames < 1:
            raise SettingError(f"--val-frames {self.val_frames}: a clip needs at least one frame")


def main(settings: Settings) -> None:
    accelerator = build_accelerator(settings, settings.optim, split_batches=True)
    set_seed(settings.seed)
    batch_size, epochs, workers = settings.train.batch_size, settings.train.epochs, settings.data.workers
    check_shares(batch_size, accelerator.num_processes)

    # Data and model
    start = start_from(settings.init, settings.data.novel)
    domains, classes = training_domains(settings.cache, settings.data)
    guide = load_guide(settings.distil, domains, settings.data.novel)
    domains = guide.domains if guide else domains
    caches, splits = [domain.cache for domain in domains], [domain.split for domain in domains]
    if start:
        start.check_splits(caches, splits)
    known = {"start": start, "weights": settings.weights, "freeze_encoder": settings.freeze_encoder}
    model = build_model(settings.model, classes, **known)
    input_px, seen = model.settings.encoder.input_px, {"regions": model.settings.encoder.regions}
    train_clips = training_clips_of_domains(domains, classes, settings.data, seed=settings.seed, **seen)
    fit_side_by_side(model, train_clips, accelerator, workers)
    shown = {"n_frames": settings.val_frames or settings.data.frames, **seen}
    val_clips = [evaluation_clips(one.cache, one.split.val, classes, **shown) for one in domains]
    net, stepping = model, step_options(settings.optim, settings.train, train_clips.labels, len(classes))
    if guide:
        train_clips = guided_clips(guide, train_clips, settings.data, accelerator, seed=settings.seed)
        net, stepping["feature_loss"] = guide.taught(model, train_clips)
    once = settings.freeze_encoder and settings.noise.off and not settings.train.blends
    if once:  # a frozen encoder sees each clip the same in every epoch
        train_clips, *val_clips = seen_once(model, [train_clips, *val_clips], accelerator, workers)
    train_loader = build_loader(
        train_clips,
        batch_size,
        shuffle=True,
        balanced=settings.train.balanced,
        drop_last=len(train_clips) >= batch_size,
        workers=workers,
        pin_memory=accelerator.device.type == "cuda",
        seed=settings.seed,
    )
    val_loaders = [build_loader(clips, batch_size, workers=workers) for clips in val_clips]

    # Noise, optimiser
    noise = Identity() if once else NoisedInput(settings.noise, input_px, **seen)
    if settings.sync_batch_norm:
        net = sync_batch_norm(net, accelerator)
    optimiser, schedule = build_optimiser(net, settings.optim, epochs=epochs, batches=len(train_loader))

    run = RunFolder(settings, accelerator)
    run.save_domains(splits, caches)
    info = split_info(caches, splits) | {"base_classes": base_classes(classes, start)}
    for domain in domains:
        tell_first(accelerator, domain.summary)
    net, optimiser, schedule, train_loader, *val_loaders = accelerator.prepare(
        net, optimiser, schedule, train_loader, *val_loaders
    )
    trained = accelerator.unwrap_model(net, keep_torch_compile=False)
    ema = Ema(trained, settings.train.ema_decay) if settings.train.ema_decay else None
    kept = recogniser_of(trained if ema is None else ema.module)

    progress = run.progress({"epoch": 0, "best": -1.0})
    run.load_state(ema)
    left = TimeLeft(epochs - progress["epoch"])
    for number in range(progress["epoch"], epochs):
        name = f"epoch {number + 1}/{epochs}"
        epoch = Epoch(train_loader, run, number, progress, ema=ema, bar=epoch_bar(name, accelerator))
        train_clips.set_epoch(number)
        means = train_epoch(net, epoch, optimiser, schedule, noise, **stepping)
        place, validated = {"epoch": number + 1}, settings.train.validates(number + 1)
        scores, known = validate(kept, val_loaders, accelerator) if validated else ({}, {})
        line = finish_epoch(epoch, kept, means, scores, schedule, place=place, info=info | known)
        tell_first(accelerator, f"{name}: {line}{left.text()}")

    best = f"best validation UAR {percent(progress['best'], 1)}"
    tell_first(accelerator, f"{best}; checkpoint in {run.path / 'checkpoints/best'}")
    tell_first(accelerator, f"next: vidfer eval --checkpoint {run.path} --cache {settings.cache[0]}")
    give_first(accelerator, run.path / "checkpoints/best", metrics=run.path / "metrics.jsonl")
    accelerator.end_training()


if __name__ == "__main__":
    with exit_on_user_error("supervised.py", partial(stopped_text, "train supervised")):
        main(settings_from_command_line(Settings, __doc__))
