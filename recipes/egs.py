"""Train EGS-Net (Zou et al., AAAI 2022): an emotion branch that classifies the base classes and a similarity
branch that compares clips learn together, then take turns, each guided by the other.

Example: accelerate launch recipes/egs.py --cache cache/ckplus.h5 cache/rafdb.h5 --out runs/egs
"""

from __future__ import annotations

import vidfer.passive_threads  # noqa: F401  # isort: skip

if __name__ == "__main__":
    from vidfer.commands.early_stop import end_quietly_on_early_stop

    end_quietly_on_early_stop()

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from accelerate.utils import set_seed

from vidfer.commands.progress import epoch_bar
from vidfer.commands.recipe_settings import settings_from_command_line
from vidfer.commands.say import give_first, tell_first
from vidfer.commands.stopped import stopped_text
from vidfer.commands.time_left import TimeLeft
from vidfer.data.domain_episodes import episodes_of_domains, training_clips_of_domains
from vidfer.data.domains import training_domains
from vidfer.data.episode_batches import EpisodeBatches, validation_episodes
from vidfer.data.loader import build_loader
from vidfer.data.settings import DataSettings, EpisodeSettings, NoiseSettings
from vidfer.data.split_datasets import evaluation_clips
from vidfer.data.training_split import split_hashes
from vidfer.errors import SettingError, exit_on_user_error
from vidfer.learn.accelerator import build_accelerator, sync_batch_norm
from vidfer.learn.calibrate_checkpoints import calibrate_checkpoints
from vidfer.learn.egs import GUIDES, EgsNet
from vidfer.learn.egs_settings import EgsSettings
from vidfer.learn.episodic import train_episodes, validate_domains
from vidfer.learn.epoch import Epoch
from vidfer.learn.finish_epoch import finish_epoch
from vidfer.learn.noised_input import NoisedInput
from vidfer.learn.optimiser import build_optimiser
from vidfer.learn.settings import OptimSettings
from vidfer.learn.side_by_side import fit_side_by_side
from vidfer.learn.start import base_classes, build_model, start_from
from vidfer.models.encoders.resnet18 import ResNet18Settings
from vidfer.models.heads.similarity import SimilaritySettings
from vidfer.models.settings import EncoderSettings, HeadSettings
from vidfer.runs.run_folder import RunFolder
from vidfer.runs.settings import JointRunSettings

EPISODES = EpisodeSettings(ways=5, shots=1, queries=16, per_epoch=100)
ADAM = OptimSettings(name="adam", lr=1e-4, weight_decay=0.0, warmup=0.0, clip_norm=0.0)
"""Episodes and optimiser of the protocol that the authors published with their next paper."""


@dataclass(frozen=True, kw_only=True)
class Settings(JointRunSettings):
    """Train EGS-Net on the base classes of one or several data sets."""

    cache: tuple[Path, ...]
    """Crop caches to train from (made by `vidfer cache`), one for each data set; each episode is from one."""
    encoder: EncoderSettings = field(default_factory=ResNet18Settings)
    head: HeadSettings | None = field(default_factory=SimilaritySettings)
    data: DataSettings = field(default_factory=DataSettings)
    noise: NoiseSettings = field(default_factory=NoiseSettings)
    optim: OptimSettings = field(default_factory=lambda: ADAM)
    episodes: EpisodeSettings = field(default_factory=lambda: EPISODES)
    egs: EgsSettings = field(default_factory=EgsSettings)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.egs.check_epochs(self.episodes.epochs)
        if self.head is None or self.head.name not in GUIDES:
            raise SettingError(
                f"--head {self.head.name if self.head else 'none'}: the similarity branch gives a posterior "
                f"over the classes of an episode; choose {', '.join(GUIDES)}"
            )


def main(settings: Settings) -> None:
    # Each process takes whole episodes, so a step sees as many episodes as there are processes.
    accelerator = build_accelerator(settings, settings.optim, split_batches=False)
    set_seed(settings.seed)
    task, data, workers = settings.episodes, settings.data, settings.data.workers

    # Data and model
    start = start_from(settings.init, data.novel)
    domains, classes = training_domains(settings.cache, data, task)
    caches, splits = [domain.cache for domain in domains], [domain.split for domain in domains]
    if start:
        start.check_splits(caches, splits)
    recogniser = build_model(settings.model, classes, start=start, weights=settings.weights)
    encoder, seen = recogniser.settings.encoder, {"regions": recogniser.settings.encoder.regions}
    train_clips = training_clips_of_domains(domains, classes, data, seed=settings.seed, **seen)
    fit_side_by_side(recogniser, train_clips, accelerator, workers)
    batches = EpisodeBatches(episodes_of_domains(train_clips, classes, task, seed=settings.seed))
    per_batch, pinned = batches.batch_size, accelerator.device.type == "cuda"
    train_loader = build_loader(train_clips, per_batch, batches=batches, workers=workers, pin_memory=pinned)
    validation, val_loaders = {}, []
    for domain in domains:
        val_clips = evaluation_clips(domain.cache, domain.split.val, classes, n_frames=data.frames, **seen)
        val_loaders.append(build_loader(val_clips, per_batch, workers=workers))
        if episodes := validation_episodes(val_clips, classes, task, seed=data.split_seed):
            validation[domain.name] = (val_loaders[-1], episodes)

    # Noise, optimiser
    egs = EgsNet(recogniser, settings.egs)
    noise = NoisedInput(settings.noise, encoder.input_px, **seen)
    if settings.sync_batch_norm:
        egs = sync_batch_norm(egs, accelerator)
    steps = {"epochs": task.epochs, "batches": len(train_loader), "processes": accelerator.num_processes}
    optimiser, schedule = build_optimiser(egs, settings.optim, **steps)

    run = RunFolder(settings, accelerator)
    run.save_domains(splits, caches)
    info = {"base_classes": base_classes(classes, start), "split_hashes": split_hashes(caches, splits)}
    for domain in domains:
        tell_first(accelerator, domain.summary)
        if domain.name not in validation:
            tell_first(accelerator, f"{domain.name}: too few validation clips for an episode")
    if not validation:
        tell_first(accelerator, "no validation at all: the last checkpoint will be the best")
    net, optimiser, schedule, train_loader = accelerator.prepare(egs, optimiser, schedule, train_loader)

    progress = run.progress({"epoch": 0, "best": -1.0})
    run.load_state()
    left = TimeLeft(task.epochs - progress["epoch"])
    for number in range(progress["epoch"], task.epochs):
        learner = settings.egs.learner(number)
        name = f"epoch {number + 1}/{task.epochs} ({'joint' if learner == 'both' else learner})"
        epoch = Epoch(train_loader, run, number, progress, bar=epoch_bar(name, accelerator))
        train_clips.set_epoch(number)
        # A turn that is resumed in its middle has loaded its guide with the state.
        if settings.egs.starts_turn(number) and not epoch.done:
            egs.start_turn()
        how = {"clip_norm": settings.optim.clip_norm, "learner": learner}
        means = train_episodes(net, epoch, optimiser, schedule, noise, task, **how)
        accuracy, found = validate_domains(recogniser, validation, accelerator)
        scores, place = {"val_accuracy": accuracy}, {"epoch": number + 1}
        more = {"details": {"learner": learner, "val_accuracies": found}}
        more |= {"also": ["joint"] if number + 1 == settings.egs.joint_epochs else []}
        line = finish_epoch(epoch, recogniser, means, scores, schedule, place=place, info=info, **more)
        tell_first(accelerator, f"{name}: {line}{left.text()}")

    calibrate_checkpoints(run, ("best", "last"), val_loaders, accelerator)
    tell_first(accelerator, f"checkpoint in {run.path / 'checkpoints/best'}")
    give_first(accelerator, run.path / "checkpoints/best", metrics=run.path / "metrics.jsonl")
    accelerator.end_training()


if __name__ == "__main__":
    with exit_on_user_error("egs.py", partial(stopped_text, "train egs")):
        main(settings_from_command_line(Settings, __doc__))
