"""Train a few-shot head, episode by episode, on the base classes: CSRN (Kim et al., ICCE 2024), CRN
(Zhu et al. 2022: recipes/protocols/crn.yaml), or a prototypical, matching or relation network.

Example: accelerate launch recipes/fewshot.py --cache cache/afew.h5 --out runs/csrn
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
from vidfer.data.episode_batches import EpisodeBatches, training_episodes, validation_episodes
from vidfer.data.loader import build_loader
from vidfer.data.settings import DataSettings, EpisodeSettings, NoiseSettings
from vidfer.data.split_datasets import evaluation_clips, training_clips
from vidfer.data.training_split import split_info, training_split
from vidfer.errors import SettingError, exit_on_user_error
from vidfer.learn.accelerator import build_accelerator, sync_batch_norm
from vidfer.learn.episodic import EpisodeNet, check_head, keep_untrained, train_episodes, validate_episodes
from vidfer.learn.epoch import Epoch
from vidfer.learn.finish_epoch import finish_epoch
from vidfer.learn.frozen_features import seen_once
from vidfer.learn.noised_input import NoisedInput
from vidfer.learn.optimiser import build_optimiser
from vidfer.learn.settings import OptimSettings
from vidfer.learn.side_by_side import fit_side_by_side
from vidfer.learn.standardise import check_standardising, standardise
from vidfer.learn.start import base_classes, build_model, start_from
from vidfer.models.encoders.conv4 import Conv4Settings
from vidfer.models.heads.csrn import CSRNSettings
from vidfer.models.settings import EncoderSettings, HeadSettings
from vidfer.rare import Fixed, Rare
from vidfer.runs.run_folder import RunFolder
from vidfer.runs.settings import ModelRunSettings
from vidfer.store.reader import CropCache

ADAM = OptimSettings(name="adam", lr=1e-3, weight_decay=0.0, warmup=0.0, clip_norm=0.5)  # as published


@dataclass(frozen=True, kw_only=True)
class Settings(ModelRunSettings):
    """Train a few-shot head, episode by episode, on the base classes."""

    freeze_encoder: bool = False
    """Leave the encoder of --init or --weights, or a pretrained one, as it is and train the head alone."""
    standardise: Rare[str | None] = None
    """Give every number of the vectors the same spread over the training clips, around the mean of this base
    class, such as neutral; `all` takes the mean of all base classes. Needs --freeze-encoder, and one of the
    heads prototype, matching and similarity."""
    encoder: EncoderSettings = field(default_factory=Conv4Settings)
    head: HeadSettings | None = field(default_factory=CSRNSettings)
    dropout: Fixed[float] = ModelRunSettings.dropout
    """Acts before a classifier, and there is none."""
    data: DataSettings = field(default_factory=DataSettings)
    noise: NoiseSettings = field(default_factory=NoiseSettings)
    optim: OptimSettings = field(default_factory=lambda: ADAM)
    episodes: EpisodeSettings = field(default_factory=EpisodeSettings)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_frozen(self.freeze_encoder)
        if self.standardise is not None and not self.freeze_encoder:
            raise SettingError("--standardise needs --freeze-encoder: it fits one encoder only")


def main(settings: Settings) -> None:
    # Each process takes whole episodes, so a step sees as many episodes as there are processes.
    accelerator = build_accelerator(settings, settings.optim, split_batches=False)
    set_seed(settings.seed)
    task, data, workers = settings.episodes, settings.data, settings.data.workers
    origin, frozen = settings.standardise, settings.freeze_encoder
    clip_norm = settings.optim.clip_norm

    # Data and model
    start = start_from(settings.init, data.novel)
    cache = CropCache(settings.cache)
    split = training_split(cache, data)
    if start:
        start.check_split(cache, split)
    if origin:
        check_standardising(origin, cache, split)
    known = {"start": start, "weights": settings.weights, "freeze_encoder": frozen}
    recogniser = build_model(settings.model, **known, whitened=origin is not None)
    check_head(recogniser, standardises=origin is not None)
    encoder, seen = recogniser.settings.encoder, {"regions": recogniser.settings.encoder.regions}
    train_clips = training_clips(cache, split.train, split.classes, data, seed=settings.seed, **seen)
    val_clips = evaluation_clips(cache, split.val, split.classes, n_frames=data.frames, **seen)
    fit_side_by_side(recogniser, train_clips, accelerator, workers)
    once = frozen and settings.noise.off and not recogniser.head.compares_maps
    if once:  # a frozen encoder sees each clip the same in every episode
        train_clips, val_clips = seen_once(recogniser, [train_clips, val_clips], accelerator, workers)
    batches = EpisodeBatches(training_episodes(train_clips, split.classes, task, seed=settings.seed))
    per_batch, pinned = batches.batch_size, accelerator.device.type == "cuda"
    train_loader = build_loader(train_clips, per_batch, batches=batches, workers=workers, pin_memory=pinned)
    val_loader = build_loader(val_clips, per_batch, workers=workers)
    val_episodes = validation_episodes(val_clips, split.classes, task, seed=data.split_seed)

    net = EpisodeNet(recogniser)
    noise = Identity() if once else NoisedInput(settings.noise, encoder.input_px, **seen)
    if settings.sync_batch_norm:
        net = sync_batch_norm(net, accelerator)

    run = RunFolder(settings, accelerator)
    run.save_data(split, cache)
    info = split_info([cache], [split])
    info |= {"classes": split.classes, "base_classes": base_classes(split.classes, start)}
    clips = f"{len(split.train)} clips to train on, {len(split.val)} to validate on ({split.note})"
    tell_first(accelerator, clips)
    if val_episodes is None:
        tell_first(
            accelerator, "too few validation clips for an episode: the last checkpoint will be the best"
        )
    recogniser.to(accelerator.device)
    if origin:
        standardise(recogniser, origin, cache, split, data, accelerator)
    # The prototype and matching heads have no parameters.
    if not any(parameter.requires_grad for parameter in net.parameters()):
        accuracy = validate_episodes(recogniser, val_loader, val_episodes, accelerator)
        tell_first(accelerator, keep_untrained(run, recogniser, info, accuracy))
        give_first(accelerator, run.path / "checkpoints/best", metrics=run.path / "metrics.jsonl")
        accelerator.end_training()
        return

    # Optimiser
    steps = {"epochs": task.epochs, "batches": len(train_loader), "processes": accelerator.num_processes}
    optimiser, schedule = build_optimiser(net, settings.optim, **steps)
    net, optimiser, schedule, train_loader = accelerator.prepare(net, optimiser, schedule, train_loader)

    progress = run.progress({"epoch": 0, "best": -1.0})
    run.load_state()
    left = TimeLeft(task.epochs - progress["epoch"])
    for number in range(progress["epoch"], task.epochs):
        name = f"epoch {number + 1}/{task.epochs}"
        epoch = Epoch(train_loader, run, number, progress, bar=epoch_bar(name, accelerator))
        train_clips.set_epoch(number)
        means = train_episodes(net, epoch, optimiser, schedule, noise, task, clip_norm=clip_norm)
        accuracy = validate_episodes(recogniser, val_loader, val_episodes, accelerator)
        scores, place = {"val_accuracy": accuracy}, {"epoch": number + 1}
        line = finish_epoch(epoch, recogniser, means, scores, schedule, place=place, info=info)
        tell_first(accelerator, f"{name}: {line}{left.text()}")

    tell_first(accelerator, f"checkpoint in {run.path / 'checkpoints/best'}")
    give_first(accelerator, run.path / "checkpoints/best", metrics=run.path / "metrics.jsonl")
    accelerator.end_training()


if __name__ == "__main__":
    with exit_on_user_error("fewshot.py", partial(stopped_text, "train fewshot")):
        main(settings_from_command_line(Settings, __doc__))
